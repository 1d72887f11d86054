import "./styles/pages.css";

/** Named here so that the build gives it its hashed name. */
export { default as icon } from "./icon.svg?url";

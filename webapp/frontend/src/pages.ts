import "./styles/pages.css";

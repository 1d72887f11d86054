import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
  base: "/static/",
  publicDir: false,
  plugins: [svelte({ configFile: false })],
  build: {
    outDir: "../static",
    emptyOutDir: true,
    manifest: "manifest.json",
    // The pages are served under `default-src 'self'`: a data: URI would be blocked.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    rolldownOptions: {
      input: { editor: "src/editor.ts", live: "src/live.ts", pages: "src/pages.ts", worker: "src/worker.ts" },
      output: {
        entryFileNames: "[name]-[hash].js",
        chunkFileNames: "[name]-[hash].js",
        assetFileNames: "[name]-[hash][extname]",
      },
    },
  },
});

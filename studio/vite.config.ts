import { defineConfig } from "vite";

export default defineConfig({
  base: "/",
  build: {
    outDir: "../src/canzona/studio/page",
    emptyOutDir: true,
    license: { fileName: "assets/licenses.md" },
    assetsInlineLimit: 0, // data: addresses are nothing that the page's content security policy allows
    modulePreload: { polyfill: false }, // it is an inline script
    rollupOptions: {
      output: {
        entryFileNames: "assets/[name].js",
        chunkFileNames: "assets/[name].js",
        assetFileNames: "assets/[name][extname]",
      },
    },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8421" } },
});

import { readFileSync } from "node:fs";
import openapiTS, { COMMENT_HEADER, astToString } from "openapi-typescript";
import { expect, it } from "vitest";

it("the page's types are those of the server's schema", async () => {
  const here = new URL(".", import.meta.url);
  const wanted = COMMENT_HEADER + astToString(await openapiTS(new URL("../openapi.json", here)));
  expect(readFileSync(new URL("../src/api/schema.ts", here), "utf8")).toBe(wanted);
}, 20_000);

// Uploads a picture with the types that openapi-typescript made: they are checked, then this runs.
import createClient from "openapi-fetch";
import { readFileSync } from "node:fs";
import type { paths } from "./minilab";

const [address, key, path] = process.argv.slice(2);
const client = createClient<paths>({
  baseUrl: address,
  headers: { authorization: `Bearer ${key}` },
});
const { data, error } = await client.POST("/api/v1/images", {
  params: { header: { prefer: "wait=20" } },
  // Binary is a string to the types.
  body: { file: [readFileSync(path) as unknown as string] },
  bodySerializer: (body) => {
    const form = new FormData();
    // The body may be one file as well.
    const files = typeof body === "object" ? (body as { file: unknown[] }).file : [body];
    for (const file of files) form.append("file", new Blob([file as BlobPart]), "cat.jpg");
    return form;
  },
});
if (error) throw new Error(JSON.stringify(error));
const item = data.items[0];
if (item.status !== "created" || item.image?.state !== "ready") throw new Error(JSON.stringify(data));
const shown = await client.GET("/api/v1/images/{id}", { params: { path: { id: item.id! } } });
if (shown.data?.format !== "jpeg") throw new Error(JSON.stringify(shown));
console.log("uploaded", item.id);

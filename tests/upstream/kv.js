// A KV namespace in memory, as workerd talks to one.

/** Values with their metadata, if they have some. @type {Map<string, [ArrayBuffer, string | null]>} */
const stored = new Map();

/** @param {string} key */
function got(key) {
  const found = stored.get(key);
  if (found === undefined) return new Response(null, { status: 404 });
  const [value, metadata] = found;
  return new Response(value, { headers: metadata === null ? {} : { "cf-kv-metadata": metadata } });
}

export default {
  /** @param {Request} request */
  async fetch(request) {
    const key = decodeURIComponent(new URL(request.url).pathname.slice(1));
    switch (request.method) {
      case "PUT":
        stored.set(key, [await request.arrayBuffer(), request.headers.get("cf-kv-metadata")]);
        return new Response();
      case "DELETE":
        stored.delete(key);
        return new Response();
      default:
        return got(key);
    }
  },
};

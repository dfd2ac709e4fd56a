// A KV namespace in memory, as workerd talks to one.

/** @type {Map<string, ArrayBuffer>} */
const stored = new Map();

export default {
  /** @param {Request} request */
  async fetch(request) {
    const key = decodeURIComponent(new URL(request.url).pathname.slice(1));
    switch (request.method) {
      case "PUT":
        stored.set(key, await request.arrayBuffer());
        return new Response();
      case "DELETE":
        stored.delete(key);
        return new Response();
      default:
        return stored.has(key) ? new Response(stored.get(key)) : new Response(null, { status: 404 });
    }
  },
};

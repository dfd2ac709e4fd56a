// The internet of the peers: a body of 1000 bytes and as many more as the path says, never from a cache.

const BODY = "u".repeat(1000);
const HEADERS = { "content-type": "text/plain", "cache-control": "no-store" };

export default {
  fetch(request) {
    const more = Number(new URL(request.url).pathname.slice(1));
    return new Response(BODY + "+".repeat(more), { headers: HEADERS });
  },
};

// The internet of the peers: a body of 1000 bytes and as many more as the path says, never from a cache. What is below
// `/kept/` may be kept for an hour.

const BODY = "u".repeat(1000);
const HEADERS = { "content-type": "text/plain", "cache-control": "no-store" };
const KEPT_HEADERS = { "content-type": "text/plain", "cache-control": "max-age=3600" };
const KEPT = "/kept/";

export default {
  fetch(request) {
    const { pathname } = new URL(request.url);
    const isKept = pathname.startsWith(KEPT);
    const more = Number(pathname.slice(isKept ? KEPT.length : 1));
    return new Response(BODY + "+".repeat(more), { headers: isKept ? KEPT_HEADERS : HEADERS });
  },
};

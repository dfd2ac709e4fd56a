// The mock of the internet that a worker in development may be bound to (`duractor mock-upstream`).

import { isDevelopment } from "./instance.js";

/** @import { Env, Upstream } from "./types.d.ts" */

/** Where outbound requests go: in development to a mock, if the worker is bound to one. @param {Env} env @returns {Upstream} */
export function upstreamOf(env) {
  const mock = isDevelopment() ? env.DURACTOR_UPSTREAM : undefined;
  return mock === undefined ? globalThis : { fetch: (url, init) => askMock(mock, new Request(url, init)) };
}

/** What a mock throws does not come through wrangler, so that it says what fails. @param {any} mock @param {Request} request */
async function askMock(mock, request) {
  request.headers.set("duractor-mock", "1");
  const response = await mock.fetch(request);
  const failure = response.headers.get("duractor-fails");
  if (failure !== null) throw new Error(failure);
  return response;
}

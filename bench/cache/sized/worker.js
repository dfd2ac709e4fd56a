// The actor of `cache/duractor` with a cache of as many entries as `entries.js` says, which is made for each size.

import "./entries.js";
import routes, { Reader } from "./actors.js";

export { Reader };

export default routes;

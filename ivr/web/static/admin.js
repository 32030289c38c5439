// The admin's pages: the parts come as they change, nothing more.
import { listen } from "./live.js";

listen(() => {});

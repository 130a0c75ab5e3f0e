import { loadSession } from "./page.js";

loadSession();

import { findSession } from "./page.js";

findSession();

import { whoIsHere } from "./page.js";

whoIsHere();

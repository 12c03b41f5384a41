// The commands' parts, each loaded by the command that needs it: the connection alone takes longer to load than to answer
// `--help`.
import { createRequire } from "node:module";
import type * as adopt from "./adopt/command.js";
import type * as connection from "../resources/context.js";
import type * as doctor from "./doctor/command.js";
import type * as host from "./host.js";
import type * as topology from "./topology/command.js";

const load = createRequire(__filename);

export const loadConnection = () => load("../resources/context.js") as typeof connection;
export const loadAdopt = () => load("./adopt/command.js") as typeof adopt;
export const loadTopology = () => load("./topology/command.js") as typeof topology;
export const loadHost = () => load("./host.js") as typeof host;
export const loadDoctor = () => load("./doctor/command.js") as typeof doctor;

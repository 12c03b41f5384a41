// What the service loads when it is first asked for: a plugin's first answer does not wait for SSH, libvirt and the models.
// Plain `require`, for this is CommonJS, and it is the one kind of late loading that works compiled and from source.
/* eslint-disable @typescript-eslint/no-require-imports */
import type * as Configuration from "./configuration.js";
import type * as Invoke from "./invoke.js";
import type * as List from "./list.js";
import type * as ProviderSettings from "./provider-settings.js";
import type * as Resources from "./resources.js";
import type * as Schema from "./schema.js";
import type * as Values from "./values.js";
import type * as Context from "../resources/context.js";

export const rooms = {
  configuration: () => require("./configuration.js") as typeof Configuration,
  context: () => require("../resources/context.js") as typeof Context,
  invoke: () => require("./invoke.js") as typeof Invoke,
  list: () => require("./list.js") as typeof List,
  providerSettings: () => require("./provider-settings.js") as typeof ProviderSettings,
  resources: () => require("./resources.js") as typeof Resources,
  schema: () => require("./schema.js") as typeof Schema,
  values: () => require("./values.js") as typeof Values,
};

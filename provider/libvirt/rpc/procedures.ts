// The calls and events of libvirt's remote protocol that we use, one row each: number, arguments, answer.
// Numbers are those of remote_protocol.x, the same in every release; each row names the procedure as C spells it.
import {
  type Codec,
  type ValueOf,
  bool,
  chars,
  double,
  hyper,
  int,
  list,
  nothing,
  optional,
  string,
  struct,
  uhyper,
  uint,
  union,
  uuid,
} from "./xdr.js";

/** remote_nonnull_string */
export const text = string(4_194_304);
/** remote_nonnull_network */
export const network = struct({ name: text, uuid });
/** remote_nonnull_network_port */
export const port = struct({ network, uuid });
/** remote_nonnull_domain */
export const domain = struct({ name: text, uuid, id: int });
/** remote_nonnull_node_device */
export const nodeDevice = struct({ name: text });

/** remote_typed_param; the value's type is a virTypedParameterType. */
const typedParameter = struct({
  field: text,
  value: union({ 1: int, 2: uint, 3: hyper, 4: uhyper, 5: double, 6: bool, 7: text }),
});

const itemsOf = <T>(of: Codec<T>, limit = 16_384) => struct({ items: list(of, limit), count: uint });
const listArgs = [bool /* need results */, uint /* flags */] as const;
const none = [] as const;

const saslData = chars(65_536);
const saslAnswer = struct({ isComplete: bool, isNull: bool, data: saslData });

export const procedures = {
  connectOpen: { number: 1, args: [optional(text), uint], ret: nothing }, // REMOTE_PROC_CONNECT_OPEN
  connectClose: { number: 2, args: none, ret: nothing }, // REMOTE_PROC_CONNECT_CLOSE
  connectGetType: { number: 3, args: none, ret: text }, // REMOTE_PROC_CONNECT_GET_TYPE
  connectGetVersion: { number: 4, args: none, ret: uhyper }, // REMOTE_PROC_CONNECT_GET_VERSION
  connectGetCapabilities: { number: 7, args: none, ret: text }, // REMOTE_PROC_CONNECT_GET_CAPABILITIES
  connectGetHostname: { number: 59, args: none, ret: text }, // REMOTE_PROC_CONNECT_GET_HOSTNAME
  connectSupportsFeature: { number: 60, args: [int], ret: bool }, // REMOTE_PROC_CONNECT_SUPPORTS_FEATURE
  authList: { number: 66, args: none, ret: list(int, 20) }, // REMOTE_PROC_AUTH_LIST
  authSaslInit: { number: 67, args: none, ret: text }, // REMOTE_PROC_AUTH_SASL_INIT
  // REMOTE_PROC_AUTH_SASL_START: mechanism, whether there is no data, data
  authSaslStart: { number: 68, args: [text, bool, saslData], ret: saslAnswer },
  authSaslStep: { number: 69, args: [bool, saslData], ret: saslAnswer }, // REMOTE_PROC_AUTH_SASL_STEP
  authPolkit: { number: 70, args: none, ret: bool }, // REMOTE_PROC_AUTH_POLKIT
  connectGetUri: { number: 110, args: none, ret: text }, // REMOTE_PROC_CONNECT_GET_URI
  connectGetLibVersion: { number: 157, args: none, ret: uhyper }, // REMOTE_PROC_CONNECT_GET_LIB_VERSION
  // REMOTE_PROC_CONNECT_GET_DOMAIN_CAPABILITIES: emulator, arch, machine, virttype, flags
  connectGetDomainCapabilities: {
    number: 342,
    args: [optional(text), optional(text), optional(text), optional(text), uint],
    ret: text,
  },
  connectRegisterCloseCallback: { number: 360, args: none, ret: nothing }, // REMOTE_PROC_CONNECT_REGISTER_CLOSE_CALLBACK
  connectUnregisterCloseCallback: { number: 361, args: none, ret: nothing }, // REMOTE_PROC_CONNECT_UNREGISTER_CLOSE_CALLBACK
  connectSetIdentity: { number: 419, args: [list(typedParameter, 20), uint], ret: nothing }, // REMOTE_PROC_CONNECT_SET_IDENTITY

  networkCreate: { number: 39, args: [network], ret: nothing }, // REMOTE_PROC_NETWORK_CREATE
  networkCreateXml: { number: 40, args: [text], ret: network }, // REMOTE_PROC_NETWORK_CREATE_XML
  networkDefineXml: { number: 41, args: [text], ret: network }, // REMOTE_PROC_NETWORK_DEFINE_XML
  networkDestroy: { number: 42, args: [network], ret: nothing }, // REMOTE_PROC_NETWORK_DESTROY
  networkGetXmlDesc: { number: 43, args: [network, uint], ret: text }, // REMOTE_PROC_NETWORK_GET_XML_DESC
  networkGetAutostart: { number: 44, args: [network], ret: bool }, // REMOTE_PROC_NETWORK_GET_AUTOSTART
  networkLookupByName: { number: 46, args: [text], ret: network }, // REMOTE_PROC_NETWORK_LOOKUP_BY_NAME
  networkLookupByUuid: { number: 47, args: [uuid], ret: network }, // REMOTE_PROC_NETWORK_LOOKUP_BY_UUID
  networkSetAutostart: { number: 48, args: [network, bool], ret: nothing }, // REMOTE_PROC_NETWORK_SET_AUTOSTART
  networkUndefine: { number: 49, args: [network], ret: nothing }, // REMOTE_PROC_NETWORK_UNDEFINE
  networkIsActive: { number: 152, args: [network], ret: bool }, // REMOTE_PROC_NETWORK_IS_ACTIVE
  networkIsPersistent: { number: 153, args: [network], ret: bool }, // REMOTE_PROC_NETWORK_IS_PERSISTENT
  connectListAllNetworks: { number: 283, args: listArgs, ret: itemsOf(network) }, // REMOTE_PROC_CONNECT_LIST_ALL_NETWORKS
  // REMOTE_PROC_NETWORK_UPDATE: command, section (the other way round without feature 16), parent index, XML, flags
  networkUpdate: { number: 291, args: [network, uint, uint, int, text, uint], ret: nothing },
  networkListAllPorts: { number: 404, args: [network, ...listArgs], ret: itemsOf(port) }, // REMOTE_PROC_NETWORK_LIST_ALL_PORTS
  networkPortLookupByUuid: { number: 405, args: [network, uuid], ret: port }, // REMOTE_PROC_NETWORK_PORT_LOOKUP_BY_UUID
  networkPortCreateXml: { number: 406, args: [network, text, uint], ret: port }, // REMOTE_PROC_NETWORK_PORT_CREATE_XML
  networkPortGetXmlDesc: { number: 409, args: [port, uint], ret: text }, // REMOTE_PROC_NETWORK_PORT_GET_XML_DESC
  networkPortDelete: { number: 410, args: [port, uint], ret: nothing }, // REMOTE_PROC_NETWORK_PORT_DELETE
  networkDefineXmlFlags: { number: 432, args: [text, uint], ret: network }, // REMOTE_PROC_NETWORK_DEFINE_XML_FLAGS
  networkCreateXmlFlags: { number: 437, args: [text, uint], ret: network }, // REMOTE_PROC_NETWORK_CREATE_XML_FLAGS
  // REMOTE_PROC_NETWORK_SET_METADATA: type, metadata, key, uri, flags
  networkSetMetadata: {
    number: 444,
    args: [network, int, optional(text), optional(text), optional(text), uint],
    ret: nothing,
  },
  networkGetMetadata: { number: 445, args: [network, int, optional(text), uint], ret: text }, // REMOTE_PROC_NETWORK_GET_METADATA

  domainCreate: { number: 9, args: [domain], ret: nothing }, // REMOTE_PROC_DOMAIN_CREATE
  domainShutdown: { number: 33, args: [domain], ret: nothing }, // REMOTE_PROC_DOMAIN_SHUTDOWN
  domainGetXmlDesc: { number: 14, args: [domain, uint], ret: text }, // REMOTE_PROC_DOMAIN_GET_XML_DESC
  domainLookupById: { number: 22, args: [int], ret: domain }, // REMOTE_PROC_DOMAIN_LOOKUP_BY_ID
  domainLookupByName: { number: 23, args: [text], ret: domain }, // REMOTE_PROC_DOMAIN_LOOKUP_BY_NAME
  domainLookupByUuid: { number: 24, args: [uuid], ret: domain }, // REMOTE_PROC_DOMAIN_LOOKUP_BY_UUID
  // REMOTE_PROC_DOMAIN_INTERFACE_STATS: netdev or MAC
  domainInterfaceStats: {
    number: 65,
    args: [domain, text],
    ret: struct({
      rxBytes: hyper,
      rxPackets: hyper,
      rxErrors: hyper,
      rxDropped: hyper,
      txBytes: hyper,
      txPackets: hyper,
      txErrors: hyper,
      txDropped: hyper,
    }),
  },
  domainIsActive: { number: 150, args: [domain], ret: bool }, // REMOTE_PROC_DOMAIN_IS_ACTIVE
  domainIsPersistent: { number: 151, args: [domain], ret: bool }, // REMOTE_PROC_DOMAIN_IS_PERSISTENT
  domainAttachDeviceFlags: { number: 160, args: [domain, text, uint], ret: nothing }, // REMOTE_PROC_DOMAIN_ATTACH_DEVICE_FLAGS
  domainDetachDeviceFlags: { number: 161, args: [domain, text, uint], ret: nothing }, // REMOTE_PROC_DOMAIN_DETACH_DEVICE_FLAGS
  domainUpdateDeviceFlags: { number: 174, args: [domain, text, uint], ret: nothing }, // REMOTE_PROC_DOMAIN_UPDATE_DEVICE_FLAGS
  domainGetState: { number: 212, args: [domain, uint], ret: struct({ state: int, reason: int }) }, // REMOTE_PROC_DOMAIN_GET_STATE
  connectListAllDomains: { number: 273, args: listArgs, ret: itemsOf(domain) }, // REMOTE_PROC_CONNECT_LIST_ALL_DOMAINS
  domainDetachDeviceAlias: { number: 392, args: [domain, text, uint], ret: nothing }, // REMOTE_PROC_DOMAIN_DETACH_DEVICE_ALIAS
  domainGetMessages: { number: 426, args: [domain, uint], ret: list(text, 2_048) }, // REMOTE_PROC_DOMAIN_GET_MESSAGES

  nodeDeviceLookupByName: { number: 113, args: [text], ret: nodeDevice }, // REMOTE_PROC_NODE_DEVICE_LOOKUP_BY_NAME
  nodeDeviceGetXmlDesc: { number: 114, args: [text, uint], ret: text }, // REMOTE_PROC_NODE_DEVICE_GET_XML_DESC
  nodeDeviceGetParent: { number: 115, args: [text], ret: optional(text) }, // REMOTE_PROC_NODE_DEVICE_GET_PARENT
  nodeDeviceNumOfCaps: { number: 116, args: [text], ret: int }, // REMOTE_PROC_NODE_DEVICE_NUM_OF_CAPS
  nodeDeviceListCaps: { number: 117, args: [text, int], ret: list(text, 65_536) }, // REMOTE_PROC_NODE_DEVICE_LIST_CAPS
  nodeDeviceDettach: { number: 118, args: [text], ret: nothing }, // REMOTE_PROC_NODE_DEVICE_DETTACH
  nodeDeviceReAttach: { number: 119, args: [text], ret: nothing }, // REMOTE_PROC_NODE_DEVICE_RE_ATTACH
  nodeDeviceReset: { number: 120, args: [text], ret: nothing }, // REMOTE_PROC_NODE_DEVICE_RESET
  connectListAllNodeDevices: { number: 285, args: listArgs, ret: itemsOf(nodeDevice, 65_536) }, // REMOTE_PROC_CONNECT_LIST_ALL_NODE_DEVICES
  nodeDeviceDetachFlags: { number: 301, args: [text, optional(text), uint], ret: nothing }, // REMOTE_PROC_NODE_DEVICE_DETACH_FLAGS

  connectNetworkEventRegisterAny: { number: 313, args: [int, optional(network)], ret: int }, // REMOTE_PROC_CONNECT_NETWORK_EVENT_REGISTER_ANY
  connectNetworkEventDeregisterAny: { number: 314, args: [int], ret: nothing }, // REMOTE_PROC_CONNECT_NETWORK_EVENT_DEREGISTER_ANY
  connectDomainEventCallbackRegisterAny: { number: 316, args: [int, optional(domain)], ret: int }, // REMOTE_PROC_CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY
  connectDomainEventCallbackDeregisterAny: { number: 317, args: [int], ret: nothing }, // REMOTE_PROC_CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY
  connectNodeDeviceEventRegisterAny: { number: 374, args: [int, optional(nodeDevice)], ret: int }, // REMOTE_PROC_CONNECT_NODE_DEVICE_EVENT_REGISTER_ANY
  connectNodeDeviceEventDeregisterAny: { number: 375, args: [int], ret: nothing }, // REMOTE_PROC_CONNECT_NODE_DEVICE_EVENT_DEREGISTER_ANY
} as const satisfies { [name: string]: { number: number; args: readonly Codec<unknown>[]; ret: Codec<unknown> } };

const deviceEvent = struct({ callback: int, domain, alias: text });

/** `eventId` is what a registration asks for; every body starts with the id that the registration answered. */
export const events = {
  // REMOTE_PROC_DOMAIN_EVENT_CALLBACK_LIFECYCLE, VIR_DOMAIN_EVENT_ID_LIFECYCLE
  domainLifecycle: { number: 318, eventId: 0, body: struct({ callback: int, domain, event: int, detail: int }) },
  // REMOTE_PROC_DOMAIN_EVENT_CALLBACK_DEVICE_REMOVED, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED
  domainDeviceRemoved: { number: 333, eventId: 15, body: deviceEvent },
  // REMOTE_PROC_DOMAIN_EVENT_CALLBACK_DEVICE_ADDED, VIR_DOMAIN_EVENT_ID_DEVICE_ADDED
  domainDeviceAdded: { number: 354, eventId: 19, body: deviceEvent },
  // REMOTE_PROC_DOMAIN_EVENT_CALLBACK_DEVICE_REMOVAL_FAILED, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED
  domainDeviceRemovalFailed: { number: 367, eventId: 22, body: deviceEvent },
  // REMOTE_PROC_NETWORK_EVENT_LIFECYCLE, VIR_NETWORK_EVENT_ID_LIFECYCLE
  networkLifecycle: { number: 315, eventId: 0, body: struct({ callback: int, network, event: int, detail: int }) },
  // REMOTE_PROC_NODE_DEVICE_EVENT_LIFECYCLE, VIR_NODE_DEVICE_EVENT_ID_LIFECYCLE
  nodeDeviceLifecycle: {
    number: 376,
    eventId: 0,
    body: struct({ callback: int, nodeDevice, event: int, detail: int }),
  },
  // REMOTE_PROC_NODE_DEVICE_EVENT_UPDATE, VIR_NODE_DEVICE_EVENT_ID_UPDATE
  nodeDeviceUpdate: { number: 377, eventId: 1, body: struct({ callback: int, nodeDevice }) },
} as const;

/** Whether a call only asks: it may be asked again when nobody knows whether it was answered. */
export const isReadOnly = (name: ProcedureName): boolean => /(Get|List|Lookup|Is|Supports)[A-Z]/.test(name);

/** Whether a call changes something on the host; opening, authenticating and asking for events concern the connection alone. */
export const isChange = (name: ProcedureName): boolean => !isReadOnly(name) && !/^(auth|connect)/.test(name);

export type ProcedureName = keyof typeof procedures;
type ValuesOf<A extends readonly Codec<unknown>[]> = { -readonly [I in keyof A]: ValueOf<A[I]> };
export type Args<N extends ProcedureName> = ValuesOf<(typeof procedures)[N]["args"]>;
export type Ret<N extends ProcedureName> = ValueOf<(typeof procedures)[N]["ret"]>;
/** The procedures that ask for events; all answer a callback id. */
export type RegistrationName = Extract<ProcedureName, `${string}RegisterAny`>;
export type EventName = keyof typeof events;
export type EventBody<N extends EventName> = ValueOf<(typeof events)[N]["body"]>;

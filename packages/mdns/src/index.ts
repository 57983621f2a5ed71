export { MDNS_GROUPS, MDNS_PORT, type MdnsLink } from './endpoint/links.ts';
export { type MdnsDropped, MdnsEndpoint } from './endpoint.ts';
export { MdnsError, type MdnsErrorCode } from './errors.ts';
export type { MdnsEvent, UnresolvedReason } from './events.ts';
export {
  type AddressType,
  decodeMessage,
  encodeQuery,
  encodeResponse,
  type MdnsMessage,
  type MdnsQuestion,
  type MdnsRecord,
  type ResponseOptions,
} from './message.ts';
export { randomName } from './names.ts';
export type { MdnsOptions } from './options.ts';

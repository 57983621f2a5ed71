export {
  type AccessTokenContent,
  openAccessToken,
  type SealedAccessToken,
  sealAccessToken,
} from './access-tokens.ts';
export { type TimeLimitedCredentials, timeLimitedCredentials } from './credentials.ts';
export type {
  AllocatedEvent,
  AllocationTraffic,
  AuthenticateEvent,
  BindRelayEvent,
  ChannelEvent,
  CloseConnectionEvent,
  ClosedEvent,
  ConnectionBoundEvent,
  ConnectPeerEvent,
  DeallocatedEvent,
  DeallocationReason,
  MovedEvent,
  PermissionEvent,
  RefreshedEvent,
  RefusedEvent,
  ReleaseRelayEvent,
  TurnServerEvent,
} from './events.ts';
export type { DropReason, TurnServerMetrics } from './metrics.ts';
export type {
  AddressPerFamily,
  AllocateRequest,
  Alternate,
  Credential,
  KeyCredential,
  OAuthKey,
  OAuthOptions,
  PasswordCredential,
  TurnServerCrypto,
  TurnServerOptions,
} from './options.ts';
export { DEFAULT_DENIED_PEERS } from './peer-policy.ts';
export { type AllocationInfo, TurnServer } from './server.ts';
export type { TurnServerTraceEvent, TurnServerTraceName } from './trace.ts';

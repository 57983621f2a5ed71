export { openRelays } from './open-relays.ts';
export type {
  OpenRelays,
  RelayBase,
  RelayEnvironment,
  RelayedAbout,
  RelayFailure,
  RelayOptions,
  RelayProtocol,
  RelayServer,
  RelaySink,
  Relays,
  RelayToken,
} from './types.ts';

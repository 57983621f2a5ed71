export { createTurnServer } from './create.ts';
export type {
  AuthenticationRequest,
  CreateTurnServerOptions,
  ListenerOptions,
  ListenerProtocol,
  ListeningAddress,
  Metrics,
  Reload,
  RunningTurnServer,
  TurnServerSettings,
} from './options.ts';

import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import type { CryptoProvider, RandomSource } from '@kaon/interface/crypto/v1';
import type { Trace } from '@kaon/interface/trace/v1';
import type { AgentEvent } from '../events.ts';
import type { ResolvedOptions } from '../options.ts';
import type { Counters } from './counters.ts';
import type { LocalCandidates } from './local-candidates.ts';
import type { Outbox } from './outbox.ts';
import type { Pacer } from './pacer.ts';
import type { RoleKeeper } from './role.ts';

/** What the parts of one agent share. */
export interface Context {
  readonly options: ResolvedOptions;
  readonly random: RandomSource;
  readonly crypto: Pick<CryptoProvider, 'mac'>;
  readonly trace: Trace | undefined;
  readonly outbox: Outbox;
  readonly pacer: Pacer;
  readonly role: RoleKeeper;
  readonly locals: LocalCandidates;
  readonly counters: Counters;
  emit(event: AgentEvent): void;
}

/** Names of trace events of this package. Addresses travel under `data.pii`. */
export type IceTraceName =
  | 'ice:candidate-ignored'
  | 'ice:check-sent'
  | 'ice:check-succeeded'
  | 'ice:check-failed'
  | 'ice:consent-sent'
  | 'ice:dropped'
  | 'ice:restart'
  | 'ice:role-conflict'
  | 'ice:selected'
  | 'ice:state';

/** Traces, when somebody listens. */
export function trace(
  context: Pick<Context, 'trace'>,
  name: IceTraceName,
  time: Instant,
  data: { readonly [key: string]: unknown },
  address?: TransportAddress,
): void {
  if (context.trace === undefined) return;
  context.trace({ time, name, data: address === undefined ? data : { ...data, pii: { address } } });
}

/** 96 random bits (RFC 8489 §5). */
export function newTransactionId(random: RandomSource): Uint8Array {
  const id = new Uint8Array(12);
  random(id);
  return id;
}

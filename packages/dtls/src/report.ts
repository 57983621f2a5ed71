import type { Instant } from '@kaon/interface/core/v1';
import type { SecureEvent } from '@kaon/interface/secure-transport/v1';
import type { Trace } from '@kaon/interface/trace/v1';
import { Deque } from '@kaon/wire';
import type { DropReason, DtlsEvent, TraceName } from './events.ts';

/** Events nobody polls; beyond that, alerts are no longer reported. */
const MAX_EVENTS = 64;

/** What a connection tells: events, counters of what was dropped, traces. Also keeps the time, which never goes back. */
export class Report {
  /** The latest time that was told. */
  now: Instant = Number.NEGATIVE_INFINITY;
  readonly dropped: Record<DropReason, number> = {
    garbage: 0,
    epoch: 0,
    replay: 0,
    forged: 0,
    overflow: 0,
    handshake: 0,
    ignored: 0,
  };
  readonly #events = new Deque<SecureEvent | DtlsEvent>();
  readonly #trace: Trace | undefined;

  constructor(trace: Trace | undefined) {
    this.#trace = trace;
  }

  /** Whether anybody listens to traces: what is costly to say need not be made otherwise. */
  get isTracing(): boolean {
    return this.#trace !== undefined;
  }

  tick(now: Instant): void {
    if (now > this.now) this.now = now;
  }

  event(event: SecureEvent | DtlsEvent): void {
    this.#events.push(event);
  }

  /** The next event, or undefined. */
  poll(): SecureEvent | DtlsEvent | undefined {
    return this.#events.shift();
  }

  alert(direction: 'received' | 'sent', level: number, description: number): void {
    this.trace(direction === 'sent' ? 'dtls:alert-sent' : 'dtls:alert-received', { level, description });
    if (this.#events.length < MAX_EVENTS) this.#events.push({ type: 'alert', direction, level, description });
  }

  drop(reason: DropReason): void {
    this.dropped[reason]++;
    if (this.isTracing) this.trace('dtls:record-dropped', { reason });
  }

  trace(name: TraceName, data: { readonly [key: string]: unknown }): void {
    this.#trace?.({ time: this.now, name, data });
  }
}

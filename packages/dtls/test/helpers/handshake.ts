import type { ConnectionOptions } from '@kaon/dtls';
import { ClientHandshake } from '../../src/handshake/dtls12/client.ts';
import { ServerHandshake } from '../../src/handshake/dtls12/server.ts';
import { Session } from '../../src/handshake/dtls12/session.ts';
import type { FlightItem } from '../../src/handshake/flight.ts';
import type { HandshakeMessage } from '../../src/handshake/reassembly.ts';
import type { Failure, Handshake, Step } from '../../src/handshake/step.ts';
import { resolveOptions } from '../../src/options.ts';
import type { Side } from './pair.ts';
import { options } from './pair.ts';

/** Changes the messages of one flight before the other side sees them. */
export type Mutate = (from: Side, messages: HandshakeMessage[]) => HandshakeMessage[];

export interface Outcome {
  readonly client: { readonly session: Session; complete: boolean; failure?: Failure };
  readonly server: { readonly session: Session; complete: boolean; failure?: Failure };
  /** Every message that was handed over, in order. */
  readonly messages: (HandshakeMessage & { readonly from: Side })[];
}

/** The bare state machines against each other, without records: message by message. */
export function exchange(
  clientOptions: Partial<ConnectionOptions> = {},
  serverOptions: Partial<ConnectionOptions> = {},
  mutate: Mutate = (_, messages) => messages,
): Outcome {
  const client = new Session(resolveOptions(options('client', clientOptions)));
  const server = new Session(resolveOptions(options('server', serverOptions)));
  const machines: Record<Side, Handshake> = {
    client: new ClientHandshake(client),
    server: new ServerHandshake(server),
  };
  const outcome: Outcome = {
    client: { session: client, complete: false },
    server: { session: server, complete: false },
    messages: [],
  };
  const queue: { to: Side; message: HandshakeMessage }[] = [];
  const apply = (side: Side, step: Step): void => {
    if (step.failure !== undefined) outcome[side].failure = step.failure;
    if (step.complete === true) outcome[side].complete = true;
    if (step.flight === undefined) return;
    const to = side === 'client' ? 'server' : 'client';
    const messages = step.flight.filter((item) => item.contentType === 22).map(toMessage);
    for (const message of mutate(side, messages)) queue.push({ to, message });
  };
  apply('client', machines.client.start());
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { to, message } = next;
    if (outcome[to].failure !== undefined) break;
    outcome.messages.push({ ...message, from: to === 'client' ? 'server' : 'client' });
    apply(to, machines[to].handle(message, 'origin'));
  }
  return outcome;
}

export function toMessage(item: FlightItem): HandshakeMessage {
  return { type: item.type, sequence: item.sequence, epoch: item.epoch, body: item.body };
}

/** Replaces the body of the first message of this type. */
export function rewrite(
  messages: HandshakeMessage[],
  type: number,
  change: (body: Uint8Array) => Uint8Array,
): HandshakeMessage[] {
  return messages.map((message) =>
    message.type === type ? { ...message, body: change(message.body.slice()) } : message,
  );
}

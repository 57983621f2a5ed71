import type { Socket } from 'node:net';
import { nodeClock } from '@kaon/runtime/node';
import { Slot, transportAddress } from '@kaon/wire';
import type { LiveClient } from './live-client.ts';

/** Binds a connection to the server to a peer's (RFC 6062 §4.3), sends a text, and gives what comes back until the end. */
export function bindAndSend(client: LiveClient, id: number, socket: Socket, text: string): Promise<string> {
  const local = transportAddress(socket.localAddress!, socket.localPort!);
  const path = { protocol: 'tcp', local, remote: client.path.remote } as const;
  const connection = client.core.dataConnection(id, path, nodeClock.now());
  const slot = new Slot(2000);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let received = '';
  const pump = (): void => {
    for (slot.reset(); connection.pollTransmit(slot, nodeClock.now()); slot.reset()) socket.write(slot.bytes.slice());
    for (let event = connection.pollEvent(); event !== undefined; event = connection.pollEvent()) {
      if (event.type === 'failed') reject(event.error);
      if (event.type === 'bound') {
        socket.write(text);
      }
    }
  };
  socket.on('data', (bytes) => {
    connection.handleStream(new Uint8Array(bytes), nodeClock.now());
    pump();
    for (let data = connection.pollData(); data !== undefined; data = connection.pollData()) {
      received += new TextDecoder().decode(data);
    }
  });
  socket.on('close', () => resolve(received));
  pump();
  return promise;
}

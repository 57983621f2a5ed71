/** What runs in each worker thread: one `ThreadServer`, told by messages what to do. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { nodeClock, nodeCrypto, nodeNetwork } from '@kaon/runtime/node';
import type { Credential } from '../server/index.ts';
import { carry, type FromWorker, type ToWorker, type WorkerStart } from './messages.ts';
import type { AuthenticationRequest } from './options.ts';
import { PendingLookups } from './pending-lookups.ts';
import { ThreadServer } from './thread-server.ts';

const port = parentPort as MessagePort;
const { settings, authenticates, tells } = workerData as WorkerStart;
const lookups = new PendingLookups();

try {
  const server = new ThreadServer(settings, {
    network: nodeNetwork,
    clock: nodeClock,
    crypto: nodeCrypto,
    reusePort: true,
    authenticate: authenticates ? lookUp : undefined,
    permit: undefined,
    onEvent: tells ? (event) => send({ type: 'event', event }) : undefined,
    onError: (error) => send({ type: 'error', error: carry(error) }),
  });
  port.on('message', (message: ToWorker) => void obey(server, message));
  await server.open(settings);
  send({ type: 'open', addresses: server.addresses });
} catch (error) {
  send({ type: 'failed', error: carry(error) });
  port.close();
}

async function obey(server: ThreadServer, message: ToWorker): Promise<void> {
  switch (message.type) {
    case 'metrics':
      send({ type: 'done', id: message.id, metrics: server.metrics() });
      return;
    case 'reload':
      try {
        await server.reload(message.change);
        send({ type: 'done', id: message.id });
      } catch (error) {
        send({ type: 'done', id: message.id, error: carry(error) });
      }
      return;
    case 'drain':
      await server.drain();
      send({ type: 'done', id: message.id });
      return;
    case 'close':
      // Nothing is left then that keeps the thread.
      server.close();
      port.close();
      return;
    case 'credential':
      lookups.settle(message.id, message.credential);
      return;
  }
}

function lookUp(request: AuthenticationRequest): Promise<Credential | undefined> {
  return new Promise((resolve) => {
    send({ type: 'authenticate', id: lookups.add(resolve), request });
  });
}

function send(message: FromWorker): void {
  port.postMessage(message);
}

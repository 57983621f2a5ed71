import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Command, PeerEvent, Result } from './agent/protocol.ts';
import type { Line } from './line.ts';

/** What both browser drivers offer, in common terms. */
export interface Tab {
  goto(url: string): Promise<unknown>;
  /** Calls `window.kaon.handle(command)` in the page. */
  handle(command: Command): Promise<Result>;
  /** Calls `window.kaon.events()`: resolves with what has happened since, as soon as something has. */
  events(): Promise<PeerEvent[]>;
  close(): Promise<void>;
  kill(): Promise<void>;
}

/** The agent in a page is the W3C agent, with events kept until the harness fetches them. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>Kaon interop</title><script type="module">
import { W3cAgent } from '/w3c.ts';
import { pageContent } from '/page-content.ts';
const [name, version] = new URL(location.href).hash.slice(1).split('/').map(decodeURIComponent);
let events = [];
let wake = () => {};
const agent = new W3cAgent({ name, version, configuration: {}, RTCPeerConnection, content: pageContent }, (event) => {
  events.push(event);
  wake();
});
window.kaon = {
  handle: (command) => agent.handle(command),
  events: async () => {
    if (events.length === 0) await new Promise((resolve) => { wake = resolve; });
    return events.splice(0);
  },
};
</script>`;

/** Opens the agent's page in the tab and returns the control line to it. */
export async function openAgent(tab: Tab, name: string, version: string): Promise<Line> {
  const server = await serve();
  const { port } = server.address() as AddressInfo;
  await tab.goto(`http://127.0.0.1:${port}/#${encodeURIComponent(name)}/${encodeURIComponent(version)}`);
  const line: Line = {
    onEvent: () => {},
    call: (command) => tab.handle(command),
    close: async () => {
      server.close();
      await tab.close();
    },
    kill: async () => {
      server.close();
      await tab.kill();
    },
  };
  void (async () => {
    try {
      for (;;) for (const event of await tab.events()) line.onEvent(event);
    } catch {
      // The page is gone.
    }
  })();
  return line;
}

/** The page and the agent's modules, types erased, on a local port: a trustworthy origin without TLS. */
async function serve(): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === '/') return response.setHeader('content-type', 'text/html').end(PAGE);
    const module = /^\/(w3c|payload|media|page-content)\.ts$/.exec(request.url ?? '')?.[1];
    if (module === undefined) return response.writeHead(404).end();
    const source = readFileSync(new URL(`agent/${module}.ts`, import.meta.url), 'utf8');
    return response.setHeader('content-type', 'text/javascript').end(erased(source));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  server.unref();
  return server;
}

/** The module without its types. Node calls the function experimental at each first use, which is no news to a tester. */
function erased(source: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}

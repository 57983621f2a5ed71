/**
 * A relay and a three-party call behind HTTP, in the manner of WHIP (RFC 9725) and WHEP: an offer is posted, an answer comes back,
 * and deleting the resource ends the connection.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { RTCPeerConnection } from '@kaon/webrtc';
import type { Answered } from './answer.ts';
import { Conference } from './conference.ts';
import { Relay } from './relay.ts';

const PORT = Number(process.argv[2] ?? 8080);
const LARGEST_OFFER = 200_000;

const relay = new Relay(() => new RTCPeerConnection());
const conference = new Conference(() => new RTCPeerConnection());
const resources = new Map<string, Answered>();
const posts: Readonly<Record<string, (offer: string) => Promise<Answered>>> = {
  '/publish': (offer) => relay.publish(offer),
  '/watch': (offer) => relay.watch(offer),
  '/call': (offer) => conference.join(offer),
};
let count = 0;

const server = createServer(async (request, response) => {
  const path = (request.url ?? '').split('?')[0] ?? '';
  const post = posts[path];
  try {
    if (request.method === 'GET' && path === '/') {
      const page = readFileSync(new URL('../browser/index.html', import.meta.url));
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
    } else if (request.method === 'POST' && post !== undefined) {
      const resource = await post(await body(request));
      const location = `/resources/${++count}`;
      resources.set(location, resource);
      response.writeHead(201, { 'content-type': 'application/sdp', location }).end(resource.sdp);
    } else if (request.method === 'DELETE' && resources.has(path)) {
      resources.get(path)?.end();
      resources.delete(path);
      response.writeHead(200).end();
    } else response.writeHead(404).end();
  } catch (error) {
    response.writeHead(400, { 'content-type': 'text/plain' }).end(String(error));
  }
});

server.listen(PORT, 'localhost', () => console.log(`http://localhost:${PORT}`));

process.once('SIGINT', () => {
  relay.close();
  conference.close();
  server.close();
  server.closeAllConnections();
});

async function body(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > LARGEST_OFFER) throw new RangeError('the offer is too long');
  }
  return text;
}

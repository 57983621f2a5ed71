/** Kaon behind the control protocol, in a process of its own. The one argument is a file with a certificate to trust. */
import { readFileSync } from 'node:fs';
import type { TraceEvent } from '@kaon/interface/trace/v1';
import { RTCPeerConnection } from '@kaon/webrtc';
import { serveStdio } from '../agent/stdio.ts';
import { W3cAgent, type W3cStack } from '../agent/w3c.ts';

const trusted = process.argv[2];
if (trusted === undefined) throw new Error('which certificate is to be trusted?');

const stack: W3cStack = {
  name: 'Kaon',
  version: '',
  configuration: {
    kaon: {
      relay: { tls: { trustedCertificates: [readFileSync(trusted, 'utf8')] } },
      ...(process.env['KAON_INTEROP_VERBOSE'] && { trace }),
    },
  } as RTCConfiguration,
  RTCPeerConnection: RTCPeerConnection as unknown as W3cStack['RTCPeerConnection'],
};

serveStdio((report) => {
  const agent = new W3cAgent(stack, report);
  return (command) => agent.handle(command);
});

/** What ICE does, on standard error. */
function trace({ time, name, data }: TraceEvent): void {
  if (name.startsWith('ice:')) console.error(Math.round(time), name, JSON.stringify(data));
}

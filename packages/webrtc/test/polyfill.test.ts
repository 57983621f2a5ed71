import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { RTCDataChannel, RTCError, RTCPeerConnection, RTCSessionDescription, RTCStatsReport } from '../src/index.ts';

it('the polyfill sets the globals, and leaves those that are there', async () => {
  const own = class RTCIceCandidate {};
  const before = Object.keys(globalThis);
  Object.defineProperty(globalThis, 'RTCIceCandidate', { value: own, configurable: true, writable: true });
  await import('../src/polyfill.ts');
  const globals = globalThis as unknown as Record<string, unknown>;
  expect(globals['RTCIceCandidate']).toBe(own);
  const classes = { RTCPeerConnection, RTCDataChannel, RTCSessionDescription, RTCError, RTCStatsReport };
  for (const [name, type] of Object.entries(classes)) expect([name, globals[name]]).toEqual([name, type]);
  expect(Object.keys(globalThis)).toEqual(before);
});

it('a process ends by itself when its connections are closed, however that came about', () => {
  const script = `
    import '@kaon/webrtc/polyfill';
    const make = () => new RTCPeerConnection({ kaon: { bindAddresses: ['127.0.0.1'] } });
    process.on('unhandledRejection', (error) => { console.log('unhandled', error); process.exit(2); });
    for (const how of ['before anything', 'while gathering', 'connected']) {
      const [a, b] = [make(), make()];
      const channel = a.createDataChannel('x');
      if (how !== 'before anything') {
        a.onicecandidate = ({ candidate }) => b.addIceCandidate(candidate).catch(() => {});
        b.onicecandidate = ({ candidate }) => a.addIceCandidate(candidate).catch(() => {});
        await a.setLocalDescription();
        if (how === 'connected') {
          await b.setRemoteDescription(a.localDescription);
          await b.setLocalDescription();
          await a.setRemoteDescription(b.localDescription);
          await new Promise((resolve) => { channel.onopen = resolve; });
          const closed = new Promise((resolve) => { channel.onclose = resolve; });
          b.close();
          await closed;
        }
      }
      a.close();
      b.close();
    }
    console.log('done');
  `;
  const cwd = new URL('..', import.meta.url);
  const out = execFileSync(process.execPath, ['--conditions=@kaon/source', '--input-type=module', '-e', script], {
    cwd,
    timeout: 25_000,
    encoding: 'utf8',
  });
  expect(out).toBe('done\n');
});

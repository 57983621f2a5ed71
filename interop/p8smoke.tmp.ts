import { RTCPeerConnection } from '@kaon/webrtc';
import puppeteer from 'puppeteer-core';

const browser = await puppeteer.launch({
  executablePath: '/usr/bin/chromium',
  headless: true,
  args: [
    '--no-sandbox',
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    '--autoplay-policy=no-user-gesture-required',
    '--disable-features=WebRtcHideLocalIpsWithMdns',
  ],
});
const page = await browser.newPage();
page.on('console', (m) => console.log('page:', m.text()));
await page.goto('http://127.0.0.1:1/').catch(() => {});
await page.goto('about:blank');
const server = await import('node:http').then(
  ({ createServer }) =>
    new Promise<any>((r) => {
      const s = createServer((_, res) => {
        res.setHeader('content-type', 'text/html');
        res.end('<body></body>');
      }).listen(0, '127.0.0.1', () => r(s));
    }),
);
await page.goto(`http://127.0.0.1:${server.address().port}/`);
const simulcast = process.argv[2] === 'simulcast';
const offer = await page.evaluate(async (simulcast) => {
  const pc = ((globalThis as any).pc = new (globalThis as any).RTCPeerConnection());
  const stream = await (navigator as any).mediaDevices.getUserMedia({
    audio: true,
    video: { width: 1280, height: 720 },
  });
  for (const track of stream.getTracks()) {
    if (track.kind === 'video' && simulcast)
      pc.addTransceiver(track, {
        streams: [stream],
        sendEncodings: [{ rid: 'q', scaleResolutionDownBy: 4 }, { rid: 'h', scaleResolutionDownBy: 2 }, { rid: 'f' }],
      });
    else pc.addTrack(track, stream);
  }
  pc.ontrack = ({ track }: any) => {
    const v: any = document.createElement(track.kind);
    v.srcObject = new (globalThis as any).MediaStream([track]);
    v.autoplay = true;
    document.body.append(v);
  };
  await pc.setLocalDescription();
  await new Promise<void>((r) => {
    pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && r();
    if (pc.iceGatheringState === 'complete') r();
  });
  return pc.localDescription.toJSON();
}, simulcast);
const log: string[] = [];
const kaon = new RTCPeerConnection({ kaon: { includeLoopback: true, media: { interceptors: () => [{ interface: 'kaon:interceptor/1', name: 'log', handleOutgoingRtp(p: any) { const b = p.bytes, o = p.payloadOffset; if (p.payloadType === 96) log.push([Math.round(performance.now()), p.sequenceNumber, p.timestamp, p.marker ? 'M' : '', b[o] & 0x10 ? 'S' : '', ((b[o + 2] & 0x7f) << 8) | b[o + 3], 'tl0', b[o + 4], 'tid', b[o + 5] >> 6, b[o + 5] & 0x20 ? 'Y' : '', 'k', b[o + 5] & 31, (b[o] & 0x10) && !(b[o + 6] & 1) ? 'KEY' : '', b.length].join(' ')); return true; } }] } } } as never);
const seen: Record<string, any> = {};
const senders: any[] = [];
kaon.ontrack = ((event: any) => {
  const { receiver, track } = event;
  receiver.onframe = (frame: any) => {
    const key = `${frame.mimeType} ${frame.rid ?? ''}`;
    seen[key] ??= { frames: 0, keys: 0, bytes: 0 };
    seen[key].frames++;
    seen[key].bytes += frame.data.length;
    if (frame.keyFrame) seen[key].keys++;
  };
  track.onunmute = () => console.log('unmute', track.kind);
  const sender = kaon.addTrack(track, ...event.streams);
  senders.push(sender);
}) as never;
kaon.onconnectionstatechange = () => console.log('state', kaon.connectionState);
await kaon.setRemoteDescription(offer);
await kaon.setLocalDescription();
await new Promise<void>((r) => {
  if (kaon.iceGatheringState === 'complete') r();
  else kaon.onicegatheringstatechange = () => kaon.iceGatheringState === 'complete' && r();
});
await page.evaluate(
  async (answer) => {
    await (globalThis as any).pc.setRemoteDescription(answer);
  },
  { type: kaon.localDescription!.type, sdp: kaon.localDescription!.sdp },
);
for (let i = 0; i < Number(process.argv[3] ?? 8); i++) {
  await new Promise((r) => setTimeout(r, 1000));
  console.log(
    i,
    await page.evaluate(async () => {
      for (const s of (await (globalThis as any).pc.getStats()).values())
        if (s.type === 'inbound-rtp' && s.kind === 'video')
          return JSON.stringify({
            pr: s.packetsReceived,
            fr: s.framesReceived,
            fd: s.framesDecoded,
            drop: s.framesDropped,
            ke: s.keyFramesDecoded,
            pli: s.pliCount,
            fw: s.frameWidth,
            fa: s.framesAssembledFromMultiplePackets,
            nack: s.nackCount,
          });
    }),
    senders.map((s) => s.activeLayer + ' ' + JSON.stringify(s.counters.keyFrames)).join(),
  );
}
const stats = await page.evaluate(async () => {
  const out: any[] = [];
  for (const s of (await (globalThis as any).pc.getStats()).values())
    if (['inbound-rtp', 'outbound-rtp', 'remote-inbound-rtp'].includes(s.type))
      out.push([
        s.type,
        s.kind,
        s.rid,
        {
          pr: s.packetsReceived,
          ps: s.packetsSent,
          fd: s.framesDecoded,
          fe: s.framesEncoded,
          ke: s.keyFramesDecoded,
          pli: s.pliCount,
          nack: s.nackCount,
          tb: s.targetBitrate,
          smp: s.totalSamplesReceived,
          rtt: s.roundTripTime,
          lost: s.packetsLost,
          discarded: s.packetsDiscarded,
          drop: s.framesDropped,
          fps: s.framesPerSecond,
        },
      ]);
  return out;
});
for (const s of stats) console.log(JSON.stringify(s));
for (const t of (kaon as any).getTransceivers()) {
  console.log(
    t.kind,
    t.mid,
    t.currentDirection,
    JSON.stringify(t.receiver.counters),
    JSON.stringify(t.sender.counters),
    t.sender.activeLayer,
  );
}
kaon.close();
await browser.close();
server.close();

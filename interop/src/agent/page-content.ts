/** Where a page's tracks come from. Loaded by the browser pages, which get it with the types erased. */
import type { ContentMaker } from './media.ts';
import type { MediaContent, MediaKind } from './protocol.ts';

/** The fake camera and microphone of the browser, and a canvas for what a shared screen looks like. */
export const pageContent: ContentMaker = {
  async make(kind: MediaKind, content: MediaContent): Promise<MediaStreamTrack> {
    if (content === 'screen' && kind === 'video') return screen();
    // Chromium sends three layers from this size on.
    const size = content === 'large' ? { width: 960, height: 540 } : { width: 640, height: 480 };
    const constraints = kind === 'audio' ? { audio: true } : { video: { ...size, frameRate: 30 } };
    const stream = await navigator.mediaDevices.getUserMedia(constraints);
    const [track] = stream.getTracks();
    if (track === undefined) throw new Error(`the browser gave no ${kind} track`);
    return track;
  },
  colour,
};

/** Dark red with lines of text, which change twice a second: mostly still, with sharp edges. */
function screen(): MediaStreamTrack {
  const canvas = document.createElement('canvas');
  canvas.width = 1280;
  canvas.height = 720;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no canvas');
  let line = 0;
  const draw = (): void => {
    context.fillStyle = '#900000';
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = '#ffffff';
    context.font = '20px monospace';
    for (let row = 0; row < 20; row++) context.fillText(`line ${line + row} of a page that scrolls`, 20, 40 + row * 30);
    line++;
  };
  draw();
  const timer = setInterval(draw, 500);
  const [track] = canvas.captureStream(15).getVideoTracks();
  if (track === undefined) throw new Error('the canvas gave no track');
  track.contentHint = 'detail';
  track.addEventListener('ended', () => clearInterval(timer));
  return track;
}

/** Mean colour of what the element shows. */
function colour(video: HTMLVideoElement): readonly [number, number, number] {
  const canvas = document.createElement('canvas');
  canvas.width = 32;
  canvas.height = 32;
  const context = canvas.getContext('2d');
  if (context === null) return [0, 0, 0];
  context.drawImage(video, 0, 0, 32, 32);
  const { data } = context.getImageData(0, 0, 32, 32);
  const sum = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c++) sum[c]! += data[i + c]!;
  const [red, green, blue] = sum.map((each) => Math.round(each / (data.length / 4)));
  return [red!, green!, blue!];
}

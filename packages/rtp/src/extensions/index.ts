export {
  type AbsCaptureTime,
  absCaptureTimeLength,
  captureClockOffset,
  captureClockOffsetToMilliseconds,
  readAbsCaptureTime,
  writeAbsCaptureTime,
} from './abs-capture-time.ts';
export {
  ABS_SEND_TIME_LENGTH,
  absSendTime,
  absSendTimeDistance,
  readAbsSendTime,
  writeAbsSendTime,
} from './abs-send-time.ts';
export { AUDIO_LEVEL_LENGTH, readAudioLevel, readVoiceActivity, writeAudioLevel } from './audio-level.ts';
export {
  type Chromaticity,
  type ColorSpace,
  colorSpaceLength,
  type HdrMetadata,
  readColorSpace,
  writeColorSpace,
} from './color-space.ts';
export {
  type CorruptionDetection,
  type CorruptionMeasurement,
  corruptionDetectionLength,
  readCorruptionDetection,
  writeCorruptionDetection,
} from './corruption-detection.ts';
export * from './dependency-descriptor/index.ts';
export { midLength, readMid, writeMid } from './mid.ts';
export { mixerAudioLevelsLength, readMixerAudioLevels, writeMixerAudioLevels } from './mixer-audio-levels.ts';
export { PLAYOUT_DELAY_LENGTH, type PlayoutDelay, readPlayoutDelay, writePlayoutDelay } from './playout-delay.ts';
export { readRepairedRid, repairedRidLength, writeRepairedRid } from './repaired-rid.ts';
export { readRid, ridLength, writeRid } from './rid.ts';
export { readTransmissionOffset, TRANSMISSION_OFFSET_LENGTH, writeTransmissionOffset } from './transmission-offset.ts';
export {
  type FeedbackRequest,
  readFeedbackRequest,
  readTransportSequenceNumber,
  transportSequenceNumberLength,
  writeTransportSequenceNumber,
} from './transport-sequence-number.ts';
export { EXTENSION_URI, type ExtensionName } from './uri.ts';
export {
  readVideoContentType,
  VIDEO_CONTENT_TYPE,
  VIDEO_CONTENT_TYPE_LENGTH,
  writeVideoContentType,
} from './video-content-type.ts';
export {
  type LayerResolution,
  readVideoLayersAllocation,
  type SpatialLayerAllocation,
  type VideoLayersAllocation,
  videoLayersAllocationLength,
  writeVideoLayersAllocation,
} from './video-layers-allocation.ts';
export {
  readVideoOrientation,
  VIDEO_ORIENTATION_LENGTH,
  type VideoOrientation,
  writeVideoOrientation,
} from './video-orientation.ts';
export { readVideoTiming, VIDEO_TIMING_LENGTH, type VideoTiming, writeVideoTiming } from './video-timing.ts';

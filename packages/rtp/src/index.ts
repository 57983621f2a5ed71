export { encodeRtp, type RtpHeader, type RtpPacketInit, rtpLength, writeRtpHeader } from './encode.ts';
export { RtpError, type RtpErrorCode } from './errors.ts';
export { type ExtensionElement, ExtensionLayout, type ExtensionLayoutOptions } from './extension-layout.ts';
export {
  type AbsCaptureTime,
  absCaptureTimeLength,
  captureClockOffset,
  captureClockOffsetToMilliseconds,
  readAbsCaptureTime,
  writeAbsCaptureTime,
} from './extensions/abs-capture-time.ts';
export {
  ABS_SEND_TIME_LENGTH,
  absSendTime,
  absSendTimeDistance,
  readAbsSendTime,
  writeAbsSendTime,
} from './extensions/abs-send-time.ts';
export { AUDIO_LEVEL_LENGTH, readAudioLevel, readVoiceActivity, writeAudioLevel } from './extensions/audio-level.ts';
export {
  type Chromaticity,
  type ColorSpace,
  colorSpaceLength,
  type HdrMetadata,
  readColorSpace,
  writeColorSpace,
} from './extensions/color-space.ts';
export {
  type CorruptionDetection,
  type CorruptionMeasurement,
  corruptionDetectionLength,
  readCorruptionDetection,
  writeCorruptionDetection,
} from './extensions/corruption-detection.ts';
export { DependencyDescriptorReader, readMandatoryFields } from './extensions/dependency-descriptor/reader.ts';
export {
  DECODE_TARGET_INDICATION,
  type DependencyDescriptor,
  decodeTargetLayers,
  type FrameDependencies,
  type FrameDependencyStructure,
  type MandatoryDescriptorFields,
} from './extensions/dependency-descriptor/types.ts';
export {
  type DependencyDescriptorInit,
  DependencyDescriptorWriter,
} from './extensions/dependency-descriptor/writer.ts';
export { midLength, readMid, writeMid } from './extensions/mid.ts';
export {
  mixerAudioLevelsLength,
  readMixerAudioLevels,
  writeMixerAudioLevels,
} from './extensions/mixer-audio-levels.ts';
export {
  PLAYOUT_DELAY_LENGTH,
  type PlayoutDelay,
  readPlayoutDelay,
  writePlayoutDelay,
} from './extensions/playout-delay.ts';
export { readRepairedRid, repairedRidLength, writeRepairedRid } from './extensions/repaired-rid.ts';
export { readRid, ridLength, writeRid } from './extensions/rid.ts';
export {
  readTransmissionOffset,
  TRANSMISSION_OFFSET_LENGTH,
  writeTransmissionOffset,
} from './extensions/transmission-offset.ts';
export {
  type FeedbackRequest,
  readFeedbackRequest,
  readTransportSequenceNumber,
  transportSequenceNumberLength,
  writeTransportSequenceNumber,
} from './extensions/transport-sequence-number.ts';
export { EXTENSION_URI, type ExtensionName } from './extensions/uri.ts';
export {
  readVideoContentType,
  VIDEO_CONTENT_TYPE,
  VIDEO_CONTENT_TYPE_LENGTH,
  writeVideoContentType,
} from './extensions/video-content-type.ts';
export {
  type LayerResolution,
  readVideoLayersAllocation,
  type SpatialLayerAllocation,
  type VideoLayersAllocation,
  videoLayersAllocationLength,
  writeVideoLayersAllocation,
} from './extensions/video-layers-allocation.ts';
export {
  readVideoOrientation,
  VIDEO_ORIENTATION_LENGTH,
  type VideoOrientation,
  writeVideoOrientation,
} from './extensions/video-orientation.ts';
export { readVideoTiming, VIDEO_TIMING_LENGTH, type VideoTiming, writeVideoTiming } from './extensions/video-timing.ts';
export { compactNtp, compactNtpToMilliseconds, type NtpTime, ntpMiddle32, ntpTime, ntpToWallClock } from './ntp.ts';
export { decodeRtp, isRtcp, parseRtp, RtpPacket } from './packet.ts';
export { generateSsrc } from './ssrc.ts';
export { SequenceUnwrapper, TimestampUnwrapper } from './unwrap.ts';

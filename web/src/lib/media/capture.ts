// Opens the camera and the microphone, and says in one word why not.
export type CaptureFault = 'refused' | 'noCamera' | 'busy' | 'insecure' | 'failed';

export interface Devices {
    cameras: MediaDeviceInfo[];
    microphones: MediaDeviceInfo[];
}
export interface Capture {
    stream: MediaStream;
    /** There is a picture but nothing to hear with. */
    silent: boolean;
}

export class CaptureError extends Error {
    constructor(readonly fault: CaptureFault) {
        super(fault);
    }
}

export function faultOf(reason: unknown): CaptureFault {
    const name = reason instanceof Error || reason instanceof DOMException ? reason.name : '';
    if (name === 'NotAllowedError' || name === 'SecurityError' || name === 'PermissionDeniedError')
        return 'refused';
    if (name === 'NotFoundError' || name === 'DevicesNotFoundError' || name === 'OverconstrainedError')
        return 'noCamera';
    if (name === 'NotReadableError' || name === 'TrackStartError' || name === 'AbortError') return 'busy';
    return 'failed';
}

export async function listDevices(): Promise<Devices> {
    const all = await navigator.mediaDevices.enumerateDevices();
    const of = (kind: MediaDeviceKind) =>
        all.filter((device) => device.kind === kind && device.deviceId !== '');
    return { cameras: of('videoinput'), microphones: of('audioinput') };
}

export async function openCapture(wanted: { camera?: string; microphone?: string }): Promise<Capture> {
    if (!window.isSecureContext || !navigator.mediaDevices) throw new CaptureError('insecure');
    const video: MediaTrackConstraints = {
        width: { ideal: 1280 },
        height: { ideal: 720 },
        frameRate: { ideal: 30, max: 30 },
        ...(wanted.camera ? { deviceId: { ideal: wanted.camera } } : { facingMode: 'user' }),
    };
    const audio: MediaTrackConstraints = {
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
        ...(wanted.microphone ? { deviceId: { ideal: wanted.microphone } } : {}),
    };
    try {
        return { stream: await navigator.mediaDevices.getUserMedia({ video, audio }), silent: false };
    } catch (reason) {
        const fault = faultOf(reason);
        // Asking for both fails for the lack of either: a live without sound is still a live.
        if (fault !== 'noCamera') throw new CaptureError(fault);
        try {
            return { stream: await navigator.mediaDevices.getUserMedia({ video }), silent: true };
        } catch (second) {
            throw new CaptureError(faultOf(second));
        }
    }
}

export const closeStream = (stream: MediaStream | null) =>
    stream?.getTracks().forEach((track) => track.stop());

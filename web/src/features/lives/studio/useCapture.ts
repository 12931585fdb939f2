import { useCallback, useEffect, useRef, useState } from 'react';
import {
    type CaptureFault,
    CaptureError,
    closeStream,
    type Devices,
    listDevices,
    openCapture,
} from '@/lib/media/capture';

const cameraKey = 'confidente.camera';
const microphoneKey = 'confidente.microphone';

export interface CaptureView {
    stream: MediaStream | null;
    silent: boolean;
    fault: CaptureFault | null;
    devices: Devices;
    camera: string | null;
    microphone: string | null;
}

const nothing: CaptureView = {
    stream: null,
    silent: false,
    fault: null,
    devices: { cameras: [], microphones: [] },
    camera: null,
    microphone: null,
};

/** The camera and microphone while the studio is open. */
export function useCapture() {
    const [view, setView] = useState<CaptureView>(nothing);
    const open = useRef<MediaStream | null>(null);
    const turn = useRef(0);

    const start = useCallback(async () => {
        const mine = ++turn.current;
        try {
            const { stream, silent } = await openCapture({
                camera: localStorage.getItem(cameraKey) ?? undefined,
                microphone: localStorage.getItem(microphoneKey) ?? undefined,
            });
            if (mine !== turn.current) return closeStream(stream);
            closeStream(open.current);
            open.current = stream;
            // Names of devices are told only after permission.
            const devices = await listDevices();
            if (mine !== turn.current) return;
            const idOf = (track?: MediaStreamTrack) => track?.getSettings().deviceId ?? null;
            const [video] = stream.getVideoTracks();
            // Unplugged: say so, instead of sending a frozen picture.
            video?.addEventListener('ended', () => {
                if (open.current === stream) setView((now) => ({ ...now, stream: null, fault: 'noCamera' }));
            });
            setView({
                stream,
                silent,
                fault: null,
                devices,
                camera: idOf(video),
                microphone: idOf(stream.getAudioTracks()[0]),
            });
        } catch (reason) {
            if (mine !== turn.current) return;
            const fault = reason instanceof CaptureError ? reason.fault : 'failed';
            setView((now) => ({ ...now, stream: null, fault }));
        }
    }, []);

    const stop = useCallback(() => {
        turn.current += 1;
        closeStream(open.current);
        open.current = null;
        setView(nothing);
    }, []);

    useEffect(() => {
        void start();
        const changed = () => void listDevices().then((devices) => setView((now) => ({ ...now, devices })));
        navigator.mediaDevices?.addEventListener('devicechange', changed);
        const turns = turn;
        return () => {
            turns.current += 1;
            navigator.mediaDevices?.removeEventListener('devicechange', changed);
            closeStream(open.current);
            open.current = null;
        };
    }, [start]);

    const choose = (key: string) => (id: string) => {
        localStorage.setItem(key, id);
        void start();
    };
    return { ...view, start, stop, chooseCamera: choose(cameraKey), chooseMicrophone: choose(microphoneKey) };
}

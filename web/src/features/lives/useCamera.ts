// The model's camera and microphone, with refusals in words, and the microphone's level.
import { useCallback, useEffect, useState } from 'react';

export type CameraProblem = 'denied' | 'noCamera' | 'noMic' | 'busy';

/** What the browser's refusal means to a person. */
export async function problemOf(error: unknown): Promise<CameraProblem> {
    const name = error instanceof DOMException ? error.name : '';
    if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
    if (name === 'NotReadableError' || name === 'AbortError') return 'busy';
    const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    return devices.some((device) => device.kind === 'videoinput') ? 'noMic' : 'noCamera';
}

export function useCamera() {
    const [stream, setStream] = useState<MediaStream | null>(null);
    const [problem, setProblem] = useState<CameraProblem | null>(null);
    const [attempt, setAttempt] = useState(0);
    useEffect(() => {
        let over = false;
        let opened: MediaStream | null = null;
        const open = async () => {
            try {
                opened = await navigator.mediaDevices.getUserMedia({
                    video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
                    audio: { echoCancellation: true, noiseSuppression: true },
                });
                if (over) return opened.getTracks().forEach((track) => track.stop());
                setProblem(null);
                setStream(opened);
            } catch (error) {
                const told = await problemOf(error);
                if (!over) setProblem(told);
            }
        };
        void open();
        return () => {
            over = true;
            opened?.getTracks().forEach((track) => track.stop());
            setStream(null);
        };
    }, [attempt]);
    return { stream, problem, retry: useCallback(() => setAttempt((count) => count + 1), []) };
}

/** 0 to 1, some twelve times a second. */
export function useMicLevel(stream: MediaStream | null): number {
    const [level, setLevel] = useState(0);
    useEffect(() => {
        if (!stream?.getAudioTracks().length) return;
        const context = new AudioContext();
        const analyser = context.createAnalyser();
        context.createMediaStreamSource(stream).connect(analyser);
        const samples = new Float32Array(analyser.fftSize);
        const timer = setInterval(() => {
            analyser.getFloatTimeDomainData(samples);
            const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
            // -60 dBFS is silence, 0 dBFS is full.
            setLevel(Math.max(0, Math.min(1, 1 + (10 * Math.log10(power + 1e-9)) / 60)));
        }, 80);
        return () => {
            clearInterval(timer);
            void context.close();
        };
    }, [stream]);
    return level;
}

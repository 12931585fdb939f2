// Loudness of a stream as the ear would draw it: 0 is silence, 1 the loudest a microphone gives.

/** −60 dB and less is silence on the meter. */
const floorDb = -60;

export function loudness(samples: Float32Array): number {
    let power = 0;
    for (const sample of samples) power += sample * sample;
    const db = 10 * Math.log10(power / Math.max(1, samples.length) + 1e-12);
    return Math.min(1, Math.max(0, 1 - db / floorDb));
}

/** Calls back about 20 times a second until stopped. */
export function followLevel(stream: MediaStream, onLevel: (level: number) => void): () => void {
    if (stream.getAudioTracks().length === 0) return () => undefined;
    const context = new AudioContext();
    const source = context.createMediaStreamSource(stream);
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
        analyser.getFloatTimeDomainData(samples);
        onLevel(loudness(samples));
    }, 50);
    const wake = () => void context.resume();
    window.addEventListener('pointerdown', wake, { once: true });
    return () => {
        clearInterval(timer);
        window.removeEventListener('pointerdown', wake);
        source.disconnect();
        void context.close();
    };
}

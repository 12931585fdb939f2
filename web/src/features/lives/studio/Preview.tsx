import { useEffect, useRef } from 'react';
import { Button, Spinner } from '@/components/ui/Button';
import { Icon } from '@/components/ui/Icon';
import type { CaptureFault } from '@/lib/media/capture';
import { useWords } from '@/lib/words';

const words: Record<CaptureFault, [title: string, text: string]> = {
    refused: ['studio.refused', 'studio.refusedText'],
    noCamera: ['studio.noCamera', 'studio.noCameraText'],
    busy: ['studio.busy', 'studio.busyText'],
    insecure: ['studio.insecure', 'studio.insecureText'],
    failed: ['studio.failedTitle', 'studio.failedText'],
};

/** The model's own picture, mirrored as in a mirror, or the reason why there is none. */
export function Preview({
    stream,
    fault,
    retry,
}: {
    stream: MediaStream | null;
    fault: CaptureFault | null;
    retry: () => void;
}) {
    const { t } = useWords();
    const video = useRef<HTMLVideoElement>(null);
    useEffect(() => {
        if (video.current) video.current.srcObject = stream;
    }, [stream]);
    return (
        <>
            <video
                ref={video}
                data-testid="studio-preview"
                aria-label={t('studio.preview')}
                autoPlay
                playsInline
                muted
                className={`absolute inset-0 size-full -scale-x-100 object-cover ${stream ? '' : 'invisible'}`}
            />
            {!stream && (
                <div
                    role={fault ? 'alert' : 'status'}
                    className="absolute inset-0 flex flex-col items-center justify-center gap-3 bg-[#1a0d21] p-6 text-center text-white"
                >
                    {fault ? (
                        <>
                            <span className="flex size-15 items-center justify-center rounded-full bg-white/10">
                                <Icon name="cameraOff" className="size-7" />
                            </span>
                            <p className="font-display text-xl font-semibold">{t(words[fault][0])}</p>
                            <p className="max-w-sm text-sm text-white/80">{t(words[fault][1])}</p>
                            {fault !== 'insecure' && (
                                <Button
                                    look="glass"
                                    icon="retry"
                                    onPress={retry}
                                    className="mt-1 bg-white/15"
                                >
                                    {t('app.retry')}
                                </Button>
                            )}
                        </>
                    ) : (
                        <>
                            <Spinner className="size-7" />
                            <p className="text-white/80">{t('studio.asking')}</p>
                        </>
                    )}
                </div>
            )}
        </>
    );
}

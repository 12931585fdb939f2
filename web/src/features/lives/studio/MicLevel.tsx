import { useEffect, useRef, useState } from 'react';
import { Icon } from '@/components/ui/Icon';
import { followLevel } from '@/lib/media/level';
import { useWords } from '@/lib/words';

const bars = 24;
const heardAt = 0.25;
/** Silence for this long is worth a word. */
const silentMs = 4_000;

/** How loud the microphone is, drawn without rendering anew 20 times a second. */
export function MicLevel({ stream }: { stream: MediaStream | null }) {
    const { t } = useWords();
    const meter = useRef<HTMLDivElement>(null);
    const [heard, setHeard] = useState(true);
    useEffect(() => {
        if (!stream) return;
        let lastHeard = Date.now();
        return followLevel(stream, (level) => {
            const box = meter.current;
            if (!box) return;
            const lit = Math.round(level * bars);
            if (box.dataset.lit !== String(lit)) {
                box.dataset.lit = String(lit);
                box.setAttribute('aria-valuenow', String(Math.round(level * 100)));
                for (const [index, bar] of [...box.children].entries())
                    (bar as HTMLElement).dataset.on = String(index < lit);
            }
            if (level > heardAt) lastHeard = Date.now();
            setHeard(Date.now() - lastHeard < silentMs);
        });
    }, [stream]);
    return (
        <div className="flex flex-col gap-1.5">
            <div className="flex items-center gap-3">
                <Icon name="mic" className="size-5 text-muted" />
                <div
                    ref={meter}
                    data-testid="mic-level"
                    role="meter"
                    aria-label={t('studio.micLevel')}
                    aria-valuemin={0}
                    aria-valuemax={100}
                    aria-valuenow={0}
                    className="flex h-6 flex-1 items-center gap-[3px]"
                >
                    {Array.from({ length: bars }, (_, index) => (
                        <span
                            key={index}
                            className={`h-full flex-1 rounded-full bg-line transition-colors duration-75 ${index > bars * 0.86 ? 'data-[on=true]:bg-bad' : index > bars * 0.65 ? 'data-[on=true]:bg-gold' : 'data-[on=true]:bg-good'}`}
                        />
                    ))}
                </div>
            </div>
            <p className="pl-8 text-[0.8125rem] text-muted" aria-live="polite">
                {heard ? t('studio.micGood') : t('studio.micSilent')}
            </p>
        </div>
    );
}

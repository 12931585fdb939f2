// What a page shows when it has nothing yet, nothing at all, or a problem.
import type { ReactNode } from 'react';
import { useWords } from '@/lib/words';
import { Button } from './Button';
import { Icon, type IconName } from './Icon';

export function Skeleton({ className }: { className: string }) {
    return <div className={`skeleton rounded-control ${className}`} aria-hidden="true" />;
}

export function Loading({ children }: { children: ReactNode }) {
    const { t } = useWords();
    return (
        <div role="status" aria-busy="true">
            <span className="sr-only">{t('app.loading')}</span>
            {children}
        </div>
    );
}

export function Empty({
    icon,
    title,
    text,
    children,
    className = 'py-16',
    heading: Heading = 'h2',
}: {
    icon: IconName;
    title: string;
    text?: string;
    children?: ReactNode;
    className?: string;
    /** h1 where nothing else is on the page. */
    heading?: 'h1' | 'h2';
}) {
    return (
        <div className={`mx-auto flex max-w-sm flex-col items-center gap-3 px-4 text-center ${className}`}>
            <span className="flex size-16 items-center justify-center rounded-full bg-wash text-accent">
                <Icon name={icon} className="size-7" />
            </span>
            <Heading className="mt-1 text-xl">{title}</Heading>
            {text && <p className="text-pretty text-muted">{text}</p>}
            {children && <div className="mt-2 flex flex-wrap justify-center gap-3">{children}</div>}
        </div>
    );
}

export function Failure({
    error,
    retry,
    className,
}: {
    error: unknown;
    retry?: () => void;
    className?: string;
}) {
    const { t, problem } = useWords();
    return (
        <div role="alert">
            <Empty icon="alert" title={t('errors.title')} text={problem(error)} className={className}>
                {retry && (
                    <Button icon="retry" onPress={retry}>
                        {t('app.retry')}
                    </Button>
                )}
            </Empty>
        </div>
    );
}

/** A line of trouble inside a form or panel. */
export function Notice({ kind = 'bad', children }: { kind?: 'bad' | 'plain'; children: ReactNode }) {
    const look = kind === 'bad' ? 'border-bad/40 text-bad' : 'border-line text-muted';
    return (
        <p
            role={kind === 'bad' ? 'alert' : undefined}
            className={`flex items-start gap-2.5 rounded-control border bg-raised/60 px-4 py-3 text-sm ${look}`}
        >
            <Icon name="alert" className="mt-px size-4.5" />
            <span>{children}</span>
        </p>
    );
}

import { useEffect } from 'react';
import { toastGone, useAppDispatch, useAppSelector } from '@/app/store';
import { Icon } from './Icon';

const shownMs = 5_000;

function Toast({ id, text, kind }: { id: string; text: string; kind: string }) {
    const dispatch = useAppDispatch();
    useEffect(() => {
        const timer = setTimeout(() => dispatch(toastGone(id)), shownMs);
        return () => clearTimeout(timer);
    }, [dispatch, id]);
    const tone = kind === 'bad' ? 'text-bad' : kind === 'good' ? 'text-good' : 'text-accent';
    return (
        <div className="pointer-events-auto flex max-w-md animate-rise items-center gap-3 rounded-full border border-line bg-surface py-3 pr-5 pl-4 text-sm font-medium shadow-2xl">
            <Icon name={kind === 'bad' ? 'alert' : 'check'} className={`size-5 ${tone}`} />
            {text}
        </div>
    );
}

/** Short news that need no answer. */
export function Toasts() {
    const toasts = useAppSelector((state) => state.toasts);
    return (
        <div
            role="status"
            aria-live="polite"
            className="pointer-events-none fixed inset-x-4 bottom-24 z-60 flex flex-col items-center gap-2 md:bottom-8"
        >
            {toasts.map((toast) => (
                <Toast key={toast.id} {...toast} />
            ))}
        </div>
    );
}

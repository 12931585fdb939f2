import { useEffect, useRef, type ReactNode } from 'react';

/** A question that must be answered first: the browser's own modal dialog, with its focus and Escape. */
export function Dialog({
    title,
    open,
    onClose,
    children,
}: {
    title: string;
    open: boolean;
    onClose: () => void;
    children: ReactNode;
}) {
    const dialog = useRef<HTMLDialogElement>(null);
    useEffect(() => {
        if (open && !dialog.current?.open) dialog.current?.showModal();
        if (!open) dialog.current?.close();
    }, [open]);
    return (
        <dialog
            ref={dialog}
            aria-label={title}
            onClose={onClose}
            className="m-auto w-[min(28rem,92vw)] rounded-card bg-panel p-6 text-ink shadow-2xl backdrop:bg-black/60"
        >
            {open && (
                <div className="space-y-4">
                    <h2 className="text-xl font-bold">{title}</h2>
                    {children}
                </div>
            )}
        </dialog>
    );
}

// A dialog in the middle, or on small screens a sheet from below.
import type { ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { IconButton } from './Button';

export function Dialog({
    isOpen,
    onClose,
    title,
    role = 'dialog',
    children,
    actions,
}: {
    isOpen: boolean;
    onClose: () => void;
    title: string;
    /** `alertdialog` asks for a decision and does not close by a click beside it. */
    role?: 'dialog' | 'alertdialog';
    children?: ReactNode;
    actions?: ReactNode;
}) {
    const { t } = useTranslation();
    return (
        <ModalOverlay
            isOpen={isOpen}
            onOpenChange={(open) => !open && onClose()}
            isDismissable={role === 'dialog'}
            className="fixed inset-0 z-50 flex items-end justify-center bg-[#0b040e]/70 backdrop-blur-sm sm:items-center sm:p-6"
        >
            <Modal className="max-h-[92dvh] w-full overflow-auto rounded-t-[1.75rem] border border-line bg-surface shadow-2xl data-[entering]:animate-rise sm:max-w-md sm:rounded-[1.75rem]">
                <AriaDialog role={role} className="flex flex-col gap-4 p-6 outline-none">
                    <div className="flex items-start justify-between gap-4">
                        <Heading slot="title" className="text-xl">
                            {title}
                        </Heading>
                        {role === 'dialog' && (
                            <IconButton
                                icon="close"
                                label={t('app.close')}
                                onPress={onClose}
                                className="-mt-1.5 -mr-2 size-10"
                            />
                        )}
                    </div>
                    {children}
                    {actions && (
                        <div className="mt-1 flex flex-wrap justify-end gap-3 *:flex-1">{actions}</div>
                    )}
                </AriaDialog>
            </Modal>
        </ModalOverlay>
    );
}

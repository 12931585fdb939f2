import { useRef, useState } from 'react';
import type { TokenPackage } from '@client/api/types';
import { toast, useAppDispatch } from '@/app/store';
import { Button } from '@/components/ui/Button';
import { Dialog } from '@/components/ui/Dialog';
import { TokenIcon } from '@/components/ui/Icon';
import { Notice } from '@/components/ui/State';
import { api } from '@/lib/api';
import { useWords } from '@/lib/words';
import { useConfirmSandboxMutation, usePurchaseMutation } from './api';

/** One purchase per opening of this dialog: however often the button is tried, the keys stay the same. */
export function Checkout({ pack, close }: { pack: TokenPackage; close: () => void }) {
    const words = useWords();
    const { t } = words;
    const dispatch = useAppDispatch();
    const [purchase] = usePurchaseMutation();
    const [confirm] = useConfirmSandboxMutation();
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState<unknown>(null);
    const keys = useRef({ purchase: crypto.randomUUID(), confirm: crypto.randomUUID() });
    const tokens = words.tokens(pack.tokens);

    const pay = async () => {
        setBusy(true);
        setProblem(null);
        const trouble = await settle();
        setBusy(false);
        setProblem(trouble);
    };

    const settle = async (): Promise<unknown> => {
        const { data, error } = await purchase({
            packageId: pack.id,
            currency: pack.price.currency,
            idempotencyKey: keys.current.purchase,
        });
        if (!data) return error;
        if (data.payment.redirectUrl && data.payment.provider !== 'sandbox') {
            location.assign(data.payment.redirectUrl);
            return null;
        }
        if (data.payment.provider === 'sandbox') {
            const settled = await confirm({ id: data.purchase.id, idempotencyKey: keys.current.confirm });
            if (!settled.data) return settled.error;
            dispatch(toast(t('wallet.paid', { tokens }), 'good'));
        } else dispatch(toast(t('wallet.pending')));
        dispatch(api.util.invalidateTags(['Wallet', 'Transactions']));
        close();
        return null;
    };

    return (
        <Dialog
            isOpen
            onClose={close}
            title={t('wallet.checkout')}
            actions={
                <>
                    <Button onPress={close} isDisabled={busy}>
                        {t('app.cancel')}
                    </Button>
                    <Button
                        look="primary"
                        busy={busy}
                        onPress={() => void pay()}
                        data-testid="purchase-confirm"
                    >
                        {busy ? t('wallet.paying') : t('wallet.pay', { price: words.money(pack.price) })}
                    </Button>
                </>
            }
        >
            <div className="flex items-center justify-between gap-4 rounded-card bg-raised p-5">
                <p className="flex items-center gap-2.5 font-display text-2xl font-bold tabular">
                    <TokenIcon className="size-7" />
                    {tokens}
                </p>
                <p className="text-lg font-semibold tabular">{words.money(pack.price)}</p>
            </div>
            <p className="text-muted">{t('wallet.checkoutText', { tokens })}</p>
            <p className="text-sm text-muted">{t('wallet.sandbox')}</p>
            {!!problem && <Notice>{words.problem(problem)}</Notice>}
        </Dialog>
    );
}

import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Empty } from '@/components/ui/State';

/** A page that threw, or whose code could not be fetched. */
export function Crash() {
    const { t } = useTranslation();
    return (
        <div role="alert">
            <Empty
                icon="alert"
                heading="h1"
                title={t('app.crashTitle')}
                text={t('app.crashText')}
                className="py-28"
            >
                <Button look="primary" icon="retry" onPress={() => location.reload()}>
                    {t('app.reload')}
                </Button>
            </Empty>
        </div>
    );
}

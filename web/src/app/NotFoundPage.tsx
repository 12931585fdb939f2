import { useTranslation } from 'react-i18next';
import { ButtonLink } from '@/components/ui/Button';
import { Empty } from '@/components/ui/State';
import { useTitle } from '@/lib/useTitle';

export function NotFoundPage() {
    const { t } = useTranslation();
    useTitle('404');
    return (
        <div className="flex flex-col items-center pt-16">
            <p className="bg-clip-text font-display text-[7rem] leading-none font-extrabold text-transparent glow">
                404
            </p>
            <Empty
                icon="eyeOff"
                heading="h1"
                title={t('app.notFoundTitle')}
                text={t('app.notFoundText')}
                className="pt-8 pb-24"
            >
                <ButtonLink to="/" look="primary">
                    {t('app.goHome')}
                </ButtonLink>
            </Empty>
        </div>
    );
}

// The frame around every page: a rail on wide screens, a bar above and tabs below on narrow ones.
import { type ReactNode, Suspense } from 'react';
import { NavLink, Link, ScrollRestoration, useMatch, useNavigation } from 'react-router';
import { Avatar } from '@/components/ui/Avatar';
import { ButtonLink } from '@/components/ui/Button';
import { Icon, type IconName, Logo, TokenIcon } from '@/components/ui/Icon';
import { Toasts } from '@/components/ui/Toasts';
import { useChatsQuery } from '@/features/chat/api';
import { useWalletQuery } from '@/features/wallet/api';
import { useWords } from '@/lib/words';
import { useAppSelector, useMe } from './store';

interface Place {
    to: string;
    icon: IconName;
    label: string;
    count?: number;
}

function usePlaces(): Place[] {
    const { t } = useWords();
    const me = useMe();
    const { data: chats } = useChatsQuery(undefined, { skip: !me });
    const unread = chats?.reduce((sum, chat) => sum + chat.unreadCount, 0) ?? 0;
    const places: Place[] = [{ to: '/', icon: 'home', label: t('nav.home') }];
    if (!me) return places;
    if (me.type === 'model') places.push({ to: '/studio', icon: 'studio', label: t('nav.studio') });
    places.push(
        { to: '/conversas', icon: 'chat', label: t('nav.chats'), count: unread },
        { to: '/carteira', icon: 'wallet', label: t('nav.wallet') },
        { to: '/conta', icon: 'user', label: t('nav.account') },
    );
    return places;
}

function PlaceLink({ place }: { place: Place }) {
    const { t } = useWords();
    return (
        <NavLink
            to={place.to}
            end={place.to === '/'}
            className="group flex min-w-0 flex-1 flex-col items-center gap-1 py-2 text-[0.6875rem] font-medium text-muted transition-colors hover:text-ink aria-[current=page]:text-accent md:flex-none md:py-2.5"
        >
            <span className="relative flex h-8 w-14 items-center justify-center rounded-full transition-colors group-hover:bg-raised group-aria-[current=page]:bg-wash md:h-9">
                <Icon name={place.icon} className="size-5.5" />
                {!!place.count && (
                    <span className="absolute -top-1 right-1 flex h-4.5 min-w-4.5 items-center justify-center rounded-full bg-live px-1 text-[0.625rem] font-bold text-white tabular">
                        <span aria-hidden="true">{Math.min(place.count, 99)}</span>
                        <span className="sr-only">{t('nav.unread', { count: place.count })}</span>
                    </span>
                )}
            </span>
            <span className="max-w-full truncate">{place.label}</span>
        </NavLink>
    );
}

function Balance({ className }: { className: string }) {
    const { t, compact, tokens } = useWords();
    const me = useMe();
    const { data: wallet } = useWalletQuery(undefined, { skip: !me });
    if (!me || !wallet) return null;
    return (
        <Link
            to="/carteira"
            aria-label={`${t('nav.balance')}: ${tokens(wallet.balance)}`}
            className={`items-center gap-1.5 rounded-full bg-raised font-semibold text-ink tabular transition-colors hover:bg-line ${className}`}
        >
            <TokenIcon />
            {compact(wallet.balance)}
        </Link>
    );
}

function Rail({ places }: { places: Place[] }) {
    const { t } = useWords();
    const me = useMe();
    return (
        <header className="fixed inset-y-0 left-0 z-40 hidden w-22 flex-col items-center border-r border-line bg-canvas py-5 md:flex">
            <Link
                to="/"
                aria-label={t('app.name')}
                className="rounded-2xl transition-transform hover:scale-105"
            >
                <Logo className="size-11" />
            </Link>
            <nav aria-label={t('nav.main')} className="mt-8 flex w-full flex-col items-stretch gap-1">
                {places.map((place) => (
                    <PlaceLink key={place.to} place={place} />
                ))}
            </nav>
            <div className="mt-auto flex flex-col items-center gap-4">
                <Balance className="flex h-9 px-3 text-xs" />
                {me ? (
                    <Link
                        to="/conta"
                        aria-label={`${t('nav.account')}: ${me.profile.name}`}
                        className="rounded-full"
                    >
                        <Avatar name={me.profile.name} src={me.profile.avatar} className="size-11 text-sm" />
                    </Link>
                ) : (
                    <ButtonLink to="/entrar" look="primary" size="sm">
                        {t('nav.signIn')}
                    </ButtonLink>
                )}
            </div>
        </header>
    );
}

function TopBar() {
    const { t } = useWords();
    const me = useMe();
    return (
        <header className="sticky top-0 z-30 flex h-15 items-center justify-between border-b border-line/60 bg-canvas/90 px-4 backdrop-blur-lg md:hidden">
            <Link to="/" className="flex items-center gap-2.5">
                <Logo className="size-8.5" />
                <span className="font-display text-lg font-bold tracking-tight">Confidente</span>
            </Link>
            {me ? (
                <Balance className="flex h-9 px-3.5 text-sm" />
            ) : (
                <ButtonLink to="/entrar" look="primary" size="sm">
                    {t('nav.signIn')}
                </ButtonLink>
            )}
        </header>
    );
}

function Tabs({ places }: { places: Place[] }) {
    const { t } = useWords();
    return (
        <nav
            aria-label={t('nav.main')}
            className="fixed inset-x-0 bottom-0 z-40 flex border-t border-line bg-canvas/95 pb-[env(safe-area-inset-bottom)] backdrop-blur-lg md:hidden"
        >
            {places.map((place) => (
                <PlaceLink key={place.to} place={place} />
            ))}
        </nav>
    );
}

function OfflineBanner() {
    const { t } = useWords();
    const online = useAppSelector((state) => state.line.online);
    if (online) return null;
    return (
        <div
            role="status"
            className="flex items-center justify-center gap-2 bg-gold px-4 py-2 text-center text-sm font-semibold text-[#2a1600]"
        >
            <Icon name="offline" className="size-4.5" />
            {t('app.offline')}
        </div>
    );
}

export function Layout({ children }: { children: ReactNode }) {
    const { t } = useWords();
    const me = useMe();
    const places = usePlaces();
    const navigating = useNavigation().state !== 'idle';
    const inLive = !!useMatch('/live/:id');
    const inChat = !!useMatch('/conversas/:chatId');
    // On a phone a live and a conversation have the whole screen.
    const whole = inLive || inChat;
    return (
        <>
            <a
                href="#conteudo"
                className="fixed top-3 left-3 z-70 -translate-y-20 rounded-full bg-accent px-5 py-2.5 font-semibold text-on-accent focus:translate-y-0"
            >
                {t('app.skip')}
            </a>
            {navigating && (
                <div
                    className="fixed inset-x-0 top-0 z-70 h-0.5 animate-pulse glow"
                    role="status"
                    aria-label={t('app.loading')}
                />
            )}
            <Rail places={places} />
            {!whole && <TopBar />}
            <div className="md:pl-22">
                <OfflineBanner />
                <main
                    id="conteudo"
                    tabIndex={-1}
                    className={`outline-none ${whole ? '' : me ? 'pb-24 md:pb-0' : 'pb-8'}`}
                >
                    <Suspense>{children}</Suspense>
                </main>
            </div>
            {!whole && me && <Tabs places={places} />}
            <Toasts />
            <ScrollRestoration />
        </>
    );
}

import { Navigate, Outlet, useLocation } from 'react-router';
import { useMe } from '@/app/store';

/** Pages behind it are for people with an account; others sign in first and come back. */
export function RequireSignIn() {
    const me = useMe();
    const { pathname, search } = useLocation();
    if (!me) return <Navigate to={`/entrar?volta=${encodeURIComponent(pathname + search)}`} replace />;
    return <Outlet />;
}

/** Where to go after signing in: a page of ours only. */
export function returnPath(search: URLSearchParams): string {
    const path = search.get('volta') ?? '/';
    return /^\/(?![/\\])/.test(path) ? path : '/';
}

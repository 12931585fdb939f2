import type { ReactNode } from 'react';
import { Button as AriaButton, type ButtonProps as AriaProps } from 'react-aria-components';
import { Link, type LinkProps } from 'react-router';
import { Icon, type IconName } from './Icon';

export type Look = 'primary' | 'plain' | 'ghost' | 'danger' | 'glass';
export type Size = 'sm' | 'md' | 'lg';

const looks: Record<Look, string> = {
    primary: 'glow text-on-accent shadow-sm hover:brightness-108 data-[pressed]:brightness-95 font-semibold',
    plain: 'bg-raised text-ink hover:bg-line font-medium',
    ghost: 'text-muted hover:text-ink hover:bg-raised font-medium',
    danger: 'bg-live text-white hover:brightness-110 font-semibold',
    glass: 'bg-black/55 text-white backdrop-blur-md hover:bg-black/75 font-medium',
};
const sizes: Record<Size, string> = {
    sm: 'h-9 px-3.5 text-sm gap-1.5',
    md: 'h-11 px-5 gap-2',
    lg: 'h-12 px-6 text-base gap-2',
};

export const buttonClass = (look: Look = 'plain', size: Size = 'md', extra = '') =>
    `inline-flex shrink-0 items-center justify-center rounded-full whitespace-nowrap transition-[filter,background-color,color,opacity] duration-150 disabled:opacity-45 disabled:cursor-default ${looks[look]} ${sizes[size]} ${extra}`;

export interface ButtonProps extends Omit<AriaProps, 'className' | 'children' | 'style'> {
    look?: Look;
    size?: Size;
    icon?: IconName;
    className?: string;
    busy?: boolean;
    children?: ReactNode;
    'data-testid'?: string;
}

export function Button({ look, size, icon, className, busy, children, isDisabled, ...rest }: ButtonProps) {
    return (
        <AriaButton {...rest} isDisabled={isDisabled || busy} className={buttonClass(look, size, className)}>
            {busy ? <Spinner /> : icon && <Icon name={icon} />}
            {children}
        </AriaButton>
    );
}

export function IconButton({
    icon,
    label,
    look = 'ghost',
    className = 'size-11',
    ...rest
}: Omit<AriaProps, 'className' | 'children' | 'style'> & {
    icon: IconName;
    label: string;
    look?: Look;
    className?: string;
    'data-testid'?: string;
}) {
    return (
        <AriaButton
            {...rest}
            aria-label={label}
            className={`inline-flex shrink-0 items-center justify-center rounded-full transition-colors disabled:opacity-40 ${looks[look]} ${className}`}
        >
            <Icon name={icon} />
        </AriaButton>
    );
}

export function ButtonLink({
    look,
    size,
    icon,
    className,
    children,
    ...rest
}: LinkProps & { look?: Look; size?: Size; icon?: IconName }) {
    return (
        <Link {...rest} className={buttonClass(look, size, className)}>
            {icon && <Icon name={icon} />}
            {children}
        </Link>
    );
}

export function Spinner({ className = 'size-4' }: { className?: string }) {
    return (
        <span
            className={`inline-block animate-spin rounded-full border-2 border-current border-r-transparent ${className}`}
            aria-hidden="true"
        />
    );
}

// Text fields with their label, hint and error in one piece.
import type { HTMLInputTypeAttribute, ReactNode } from 'react';
import { FieldError, Input, Label, Text, TextArea, TextField } from 'react-aria-components';

const box =
    'w-full rounded-control border border-line bg-surface px-4 text-ink transition-colors hover:border-faint focus:border-accent focus:outline-none focus:ring-2 focus:ring-accent/35 disabled:opacity-50';

export interface FieldProps {
    label: string;
    value: string;
    onChange: (value: string) => void;
    type?: HTMLInputTypeAttribute;
    hint?: string;
    error?: string;
    lines?: number;
    isRequired?: boolean;
    isDisabled?: boolean;
    autoComplete?: string;
    inputMode?: 'numeric' | 'email' | 'text';
    maxLength?: number;
    min?: string;
    max?: string;
    name?: string;
    after?: ReactNode;
    children?: ReactNode;
    testId?: string;
}

export function Field({
    label,
    hint,
    error,
    lines,
    after,
    children,
    testId,
    min,
    max,
    ...field
}: FieldProps) {
    return (
        <TextField
            {...field}
            validationBehavior="aria"
            isInvalid={!!error}
            className="flex flex-col gap-1.5"
            aria-label={undefined}
        >
            <Label className="text-sm font-semibold text-ink">{label}</Label>
            <div className="relative">
                {lines ? (
                    <TextArea rows={lines} className={`${box} resize-y py-3`} data-testid={testId} />
                ) : (
                    <Input
                        min={min}
                        max={max}
                        className={`${box} h-12 ${after ? 'pr-13' : ''} ${error ? 'border-bad' : ''}`}
                        data-testid={testId}
                    />
                )}
                {after && <div className="absolute inset-y-0 right-1 flex items-center">{after}</div>}
            </div>
            {children}
            {hint && !error && (
                <Text slot="description" className="text-[0.8125rem] text-muted">
                    {hint}
                </Text>
            )}
            <FieldError className="text-[0.8125rem] font-medium text-bad">{error}</FieldError>
        </TextField>
    );
}

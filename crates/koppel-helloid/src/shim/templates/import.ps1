# {{ title }}: {{ action }}. {{ mark }}
# {{ notice }}

{{ call }}

{{ fields }}

{{ json }}

{{ table }}

$settings = $actionContext.Configuration
try {
    $context = Get-Fields $actionContext 'Configuration'
    $context['Configuration'] = Get-Fields $settings @({{ own }})
    $document = ConvertTo-Json -Depth 20 -Compress -InputObject @{ actionContext = $context }
    Invoke-Koppel $document | Where-Object { $_ } | ForEach-Object { Write-Output (ConvertTo-Table (Read-Json $_)) }
} catch {
    # Nothing may be concluded from half an import.
    throw "The import from {{ title }} failed: $($_.Exception.Message)"
}

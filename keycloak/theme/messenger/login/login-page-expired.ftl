<#-- Instead of the parent's: two buttons that say where they lead, not two sentences with "Click here". -->
<#import "template.ftl" as layout>
<@layout.registrationLayout; section>
    <#if section = "header">
        ${msg("pageExpiredTitle")}
    <#elseif section = "form">
        <p id="instruction1" class="instruction">${msg("pageExpiredText")}</p>
        <p><a id="loginContinueLink" class="pf-v5-c-button pf-m-primary" href="${url.loginAction}">${msg("pageExpiredContinue")}</a></p>
        <p><a id="loginRestartLink" class="pf-v5-c-button pf-m-secondary" href="${url.loginRestartFlowUrl}">${msg("pageExpiredStart")}</a></p>
    </#if>
</@layout.registrationLayout>

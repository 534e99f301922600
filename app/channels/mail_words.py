"""What people and their programs write below a mail, in several languages."""

import re

CLOSINGS = """
ciao | regards | kind regards | best regards | warm regards | many regards | thanks and regards | thanks, regards | best
best wishes | all the best | cheers | sincerely | yours | yours sincerely | yours truly | thanks | thanks a lot
thanks in advance | thank you | many thanks
mit freundlichen grüßen | freundliche grüße | beste grüße | viele grüße | liebe grüße | herzliche grüße
schöne grüße | grüße | mit besten grüßen | mit freundlichem gruß | liebe grüsse | servus | tschüss
mit freundlichen gruessen | freundliche gruesse | viele gruesse | gruß | mfg | lg | vg | danke | vielen dank | besten dank
cordialement | bien cordialement | bonne journée | belle journée | merci | merci d'avance | amicalement
bien à vous | bien à toi | à bientôt | salutations | meilleures salutations
saludos | un saludo | saludos cordiales | un cordial saludo | atentamente | gracias | muchas gracias | un abrazo
cordiali saluti | distinti saluti | un caro saluto | un saluto | saluti | grazie | a presto
met vriendelijke groet | met vriendelijke groeten | groet | groeten | groetjes | mvg | bedankt | alvast bedankt
pozdrawiam | z poważaniem | serdecznie pozdrawiam | pozdrawiam serdecznie | dziękuję | dzięki
med vänliga hälsningar | med vänlig hälsning | vänliga hälsningar | bästa hälsningar | hälsningar | mvh
tack | tack på förhand
atenciosamente | abraço | abraços | um abraço | obrigado | obrigada
よろしくお願いします | よろしくお願いいたします | 此致 | 谢谢
"""
BOASTS = """
sent from | sent with | sent via | get outlook
gesendet von | gesendet mit | von meinem | mit meinem | holen sie sich outlook | outlook für
envoyé de | envoyé depuis | envoyé à partir | télécharger outlook | téléchargez outlook | obtenez outlook | obtenir outlook
enviado desde | enviado do | enviado a partir | obtener outlook | obter outlook
inviato da | scarica outlook | ottieni outlook
verstuurd van | verzonden van | verzonden met | outlook voor | download outlook
wysłane z | wysłano z | pobierz outlook | pobierz aplikację outlook
skickat från | hämta outlook | sendt fra
iphoneから送信 | ipadから送信 | androidから送信 | 发自我的 | 從我的 | 获取 outlook
"""


def phrases(told: str) -> str:
    """All of them, as one regular expression."""
    each = sorted((re.escape(one.strip()) for one in re.split(r"[|\n]", told) if one.strip()), key=len, reverse=True)
    return "(?:" + "|".join(each) + ")"
